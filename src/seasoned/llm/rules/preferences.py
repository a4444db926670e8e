"""Lasting rules, preferences and facts that a person states, told apart from instructions for the task at hand."""

import re
from collections.abc import Sequence

import msgspec

from seasoned.llm.model import PreferenceFound
from seasoned.llm.rules.grammar import third_person
from seasoned.llm.rules.sentences import Sentence, plain
from seasoned.llm.rules.words import IMPERATIVE, LEAD, PROBLEM, THANKS

_TEXT_CHARS_MAX = 400
_FOUND_MAX = 20

# Said of all time to come, whatever the rest of the sentence is.
_LASTING = re.compile(
    r"\b(?:from (?:now|here|today|this point) on(?:wards)?|going forward|henceforth|as of (?:today|now|this week|next \w+|(?:mon|tues|wednes|thurs|fri)day)|now and (?:later|forever|in future)|(?:in|for) (?:the )?future(?! flights?| travel)\b|by default|as a rule|in general|house rules?|ground rules?|standing (?:rule|order|instruction)s?|once and for all"
    r"|(?:that|it|this|which) stays (?:so|that way|like that)|no matter what|same (?:goes )?for (?:anything|everything|any|every|all) (?:later|else|after)|without (?:asking|checking with|telling|my (?:ok|okay|approval|permission|consent|say-so|go-ahead)|permission)(?: me)?(?: first)?|(?:ask|check with|tell|warn|consult) me (?:first|before|beforehand)"
    r"|needs? my (?:approval|ok|okay|sign-?off|permission|go-ahead)|address me as|refer to me as|(?:you )?(?:don't|do not|never) (?:need|have) to ask(?: me)?|run (?:it|that|them|everything) (?:by|past) me|(?:are|is|that's|stays) (?:always )?mine\b|every time (?:you|we|i)|each time (?:you|we|i)|whenever (?:you|we|i)\b|at all times|for future reference|keep (?:that|this|it) in mind|please remember|remember (?:that|to|for|this)\b|(?:our|my) (?:policy|convention|rule|standard|style|house style)|(?:that|which)(?:'s| is) (?:our|my|the) (?:policy|convention|rule|standard)"
    r"|next time,? (?!(?:we|i|it|he|she|they|the|around|it's|i'm)\b)\w+|for (?:the )?next (?:ones?|times?|reports?|mails?|summar(?:y|ies)|cases)\b|, always$|\bevery (?:single )?time$|\bas a (?:general )?rule\b|\bat all times\b|(?:for|in|on|with|to|after|before|of) (?:every|each|all|any) (?:\w+ ){1,3}(?:that )?(?:you|we|i) \w+|in this (?:project|repo|repository|team|house|shop|codebase|company) (?:we|you|everything|all)|(?:is|are|'s) (?:\w+ )?(?:for us|at our place|around here|in our (?:team|company|shop|house))\b)"
)
# Habits and traits of the person.
_HABIT = re.compile(
    r"\b(?:i|we) (?:always|never|usually|normally|generally|typically|only(?: ever)?(?! (?:see|saw|have|had|got|need|found|know|just|asked|meant|wanted|get|noticed|want (?:the|to|it|a|one|two)))|mostly|strongly prefer|prefer(?! (?:the|this|that|option|a) )|hate|dislike|detest|can't stand|cannot stand|can't (?:eat|read|see|hear|drink|open|use)|don't (?:like|read|eat|drink|use|trust|work|speak|do(?! (?:it|that|this|so)\b)|drive|fly|allow|take|want (?:any|to see|to be|you to)|need to see|deal)|do not (?:like|read|eat|drink|use|trust|work|speak|do|allow|take))\b"
    r"|\bi (?:like|love|enjoy) (?!it\b|that\b|this\b|the (?:first|second|last|new|idea|look)|to (?:book|change|cancel|add|know|see|have|get|make)|how\b|your\b|them\b|what\b)\w+|\b(?:i|we) \w+ [^.?!]{0,60}\b(?:every|each) (?:day|week|month|morning|evening|night|year|quarter|(?:mon|tues|wednes|thurs|fri|satur|sun)day|other \w+)s?\b|\bon (?:mon|tues|wednes|thurs|fri|satur|sun)days\b[^.]{0,20}\b(?:i|we)\b|\b(?:i|we)(?:'m|'re| am| are)? [^.]{0,20}\bon (?:mon|tues|wednes|thurs|fri|satur|sun)days\b|\b(?:i'm|i am|we're|we are) (?:[\w-]+ ){0,4}(?:every|each) (?:day|week|month|morning|evening|(?:mon|tues|wednes|thurs|fri|satur|sun)day)|\bi'm never in\b|\bi am never\b|\bi'm (?:always|usually|never|rarely) \w+|\bi'd rather (?:you|have|see|get|not|we)\b(?! (?:this|that) (?:one|flight))"
)
_PERSONAL = re.compile(
    r"\b(?:my (?:(?:full|first|last|preferred|middle) )?(?:name|time ?zone|pronouns|birthday|job|role|title|manager|boss|assistant|deputy|wife|husband|partner|son|daughter|mother tongue|native language|first language|editor|shell|terminal|keyboard|screen|monitor|laptop|machine|desk|office|working (?:hours|days)|work (?:hours|days)|company|employer|department|team|signature|diet) (?:is|are|'s|runs|has|starts)\b|my name's"
    r"|my (?:wife|husband|partner|son|daughter|mother|father|mum|mom|dad|sister|brother|boss|manager|colleague|assistant|dog|cat) (?:[a-z]+ )?(?:is|has|runs|works|lives|loves|hates|can't|doesn't)\b|call me (?!back|later|when|if|at|on|a |an |tomorrow)[a-z]\w+|i go by \w+|i(?:'m| am) (?:\w+[ -]){0,3}(?:colou?r-?[ -]?blind|blind|deaf|dyslexic|left-handed|vegan|vegetarian|coeliac|celiac|diabetic|pescatarian|lactose|allergic|based (?:in|at|out)|located in|hard of hearing|partially sighted|short-sighted)"
    r"|i(?:'m| am) (?:a|an|the) (?!bit|little|lot|fan of (?:it|that)|while|few|new )(?:[\w-]+ ){0,4}(?:engineer|developer|analyst|designer|manager|lead|nurse|doctor|teacher|scientist|researcher|student|accountant|lawyer|consultant|admin|maintainer|founder|owner|director|editor|writer|translator|programmer|planner|buyer|clerk|assistant|coordinator|officer|head|professor|freelancer|contractor|member|pharmacist|chef|architect|technician|operator|physicist|biologist|chemist|statistician|librarian|photographer|musician|vegetarian|vegan)\b"
    r"|i (?:work|live|sit) (?:in|at|as|for|from|with|part[- ]time|on|near|mondays?|tuesdays?|only|four|three|remotely|nights)\b(?! (?:it|this|that|the (?:fix|bug|issue)))|i speak \w+|i(?:'m| am) on (?:linux|mac|macos|windows|ubuntu|debian|fedora|arch|gmt|utc|cet|pst|est)\b|english (?:is not|isn't) my)"
)
_TEAM = re.compile(
    r"^(?:we|our team|our company|our shop|everyone here|everybody here|everything here)(?:'re| are)? (?:all )?(?:use|run|deploy|pin|target|ship|host|bill|store|keep|write|speak|work|report|close|invoice|pay|buy|order|follow|format|label|name|count|measure|trade|code|stick|on|a|an|based|runs)\b(?! (?:it|this|that|into|out|to))"
    r"|^our (?:[\w-]+ ){1,4}(?:is|are|runs?|lives?|starts?|ends?|begins?|closes?|opens?|uses?|goes|go|sits?|belongs?|means|counts?)\b"
)
# Said to the agent: "always put ...", "never post ...", "don't guess ... when you write to me".
_TOLD = re.compile(
    r"(?:^|[,:;] |\b(?:and|but|so|please|also|then|to|you|you should|you must|should|must|that) )(?:always|never|only ever) (?!mind\b|again\b|been\b|had\b|got\b|seen\b|the\b|heard\b|worked\b|received\b|arrived\b|showed\b|came\b|\w+ed\b)[a-z]+"
    r"|\bdon't (?:ever )?\w+[^.]{0,60}\b(?:when (?:you|writing|talking)|to me|in general|any ?more|ever|again|unless i)\b|\b(?:please )?stop \w+ing\b[^.]{0,40}\b(?:me|your|emoji|every)"
    r"|^only (?:use|order|buy|send|book|call|write|ship|deploy|push|contact|take|pay|include|quote|cite|change|run|touch)\b[^.]*(?:,|$)|\bwhen(?:ever)? you (?!are\b|can\b|have\b|get\b|finish\b|start\b|said\b|did\b|were\b|look\b|think\b|know\b)(?:show|write|send|report|answer|reply|commit|talk|give|make|draft|present|quote|name|post|book|open|change|touch|edit|create|list|summari[sz]e|plot|draw|format|print|mail|email|message|order|add|schedule|use|need|do|explain|translate|mention|cite|deploy|push|run|query|ship|pay|update|plan|refer|address|export)\b"
    r"|\b(?:answers?|replies|reply|messages?|summar(?:y|ies)|reports?|mails?|emails?|commits?|comments?|docs|tables?|charts?|dates?|amounts?|numbers?|prices|times|units|names|titles|code|functions|variables|everything (?:in|for|that|you|we))\b[^.]{0,40}(?<!who )(?<!that )(?<!which )\b(?:always|never|are to|must|should (?:always|never)|has to|have to|in (?:british|american|metric|imperial|utc|lower|upper))\b"
)
_STYLE = re.compile(
    r"^(?:no|without|skip the|avoid|drop the|spare me the|less|fewer) (?:more )?(?:emojis?|exclamation marks?|bullet points?|bullets|markdown|small talk|jargon|slang|smileys?|preambles?|fluff|essays?|apologies|filler|pie charts?|buzzwords|superlatives|pleasantries|paragraphs|walls of text|adverbs|abbreviations|acronyms|flattery|greetings?|sign-?offs?|disclaimers|hedging|em[- ]dashes)\b"
    r"|^(?:please )?(?:keep|make|write|give|format|limit) (?:me )?(?:your|all|the|any)? ?(?:answers?|repl(?:y|ies)|responses?|messages|summaries|explanations|reports|mails|emails|commits|commit messages|updates)\b[^.]{0,60}\b(?:short|brief|concise|terse|under|below|at most|to (?:one|two|three|\d+)|in (?:\w+)|max)"
    r"|\b(?:\w+ )?(?:at most|max(?:imum)?|tops|or (?:less|fewer)|no more than|not more than|never more than)\b[^.]{0,60}\b(?:in|per|for|on|at) (?:any|every|each|all|a|an|your)\b"
    r"|\b(?:summar(?:y|ies)|tables?|answers?|repl(?:y|ies)|reports?|mails?|emails?|messages?|lines|titles|subjects?|functions|commits?|paragraphs|sentences|updates|charts?|lists?|explanations)\b (?:\w+ )?(?:at most|max(?:imum)?|no longer than|no more than|under|below|of at most|up to) \S+"
    r"|^(?:at most|no more than|not more than|max(?:imum)?(?: of)?|up to) \S+ (?:\w+ ){0,3}(?:per|each|a day|a week|in (?:any|a|one)|every)\b"
)
_STAYS = re.compile(
    r"(?:^|: )(?:[\w.+-]+ ){1,5}(?:stays?|remains?)(?: (?:as (?:it|they) (?:is|are)|put|where (?:it|they) (?:is|are)|supported|in))?$"
)
_HEADER = re.compile(
    r"\b(?:(?:house|ground|quick|some|few|basic|my|our|team|working|standing|desk|project) (?:\w+ )?(?:rules|preferences|ways|conventions|habits)|rules (?:first|here|of (?:the house|engagement))|things (?:to know|you should know|to remember|about (?:me|us|how|working))|about me|how (?:i|we) (?:work|like|do|want)|(?:haven't|never|not) worked together|first time (?:with|working|we)|(?:you're|you are|since you're) new(?: \w+){0,4}|before we (?:start|begin|get going)|you should know|(?:two|three|four|some|few|couple of) (?:\w+ )?things (?:before|since|you|up front|in advance|first about)|ways? i (?:like|want|work)|preferences\s*:|rules\s*:|so you know|for your notes|good to know\s*:|a few (?:things|notes) (?:about|on|before))\b"
)
_ONE_CHANGE = re.compile(
    r"\b(?:one|a|an|another|small|quick) (?:\w+ )?(?:change|update|addition|exception|correction|more|new)\b"
)
_ENDS_HEADER = re.compile(
    r"(?:^|\b)(?:first (?:one|job|task|up|thing|case)|now (?:to|for)|to work|task|right,|ok,|okay,|your (?:first )?(?:task|job))\b|\?$"
)
_NOT_LASTING = re.compile(
    r"\b(?:my (?:user|reservation|order|booking|case|ticket|confirmation|account|customer|card|phone|passport|login|(?:frequent )?flyer|member(?:ship)?)(?: id| number| no\b| code|name)|password|api key|token|pin code|never ?mind|this time|for (?:this|that) (?:one|task|case|time|once|file|report)|just (?:this )?once|for once|only (?:this|for) (?:once|today|now)|for now\b|i (?:always|never) (?:thought|knew|wondered|got|had|said|saw|forget|remember)|i never (?:received|asked|ordered|said|did|want to see that))\b"
)
_THIS_TIME = re.compile(
    r"\b(?:that|this|those|these|instead|option|payment|today|tomorrow|prefer to (?:use|pay|book|go|take|fly)|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w* \d{1,2})\b"
)
_UNCERTAIN = re.compile(
    r"^(?:if|what if|imagine|suppose|maybe|perhaps|i (?:think|guess|wonder|wish|hope)|(?:they|he|she|it|the (?:customer|client|report|log|doc|docs|readme|page|manual|policy|error|test|build|site|server)) (?:says?|said|always|never|only|usually|keeps?)|according to)\b"
)
_ADDS = re.compile(
    r"(?:above|below|over|under|otherwise|either|so|because|since|that|this|those|these|it|they|its|same|anything|everything else|the rest|only|unless|except|exceptions?|beyond|for (?:anything|everything)|no exceptions?|ever|not even|reason|\w+ is (?:fine|ok|okay|allowed))\b"
)
_SAME = re.compile(
    r"(?:(?:the )?same (?:goes )?(?:for|with)|no exceptions?|ever\b|(?:that|this) (?:goes|holds|applies|stays))"
)
_BACK = re.compile(r"(?:\S+ ){0,4}(?:it|that|this|those|they|them|that's|it's)\b")
_QUESTION_START = re.compile(
    r"(?:(?:have|did|do|does|is|are|was|were|can|could|would|will) (?:you|i|we|it|the|he|she|they|there|that|this)|(?:what|which|who|where|when|why|how) (?:is|are|do|does|did|about|was|were|can|should|would))\b"
)


def _core(sentence: Sentence) -> tuple[str, str]:
    text = " ".join(sentence.words.lower().split()).rstrip(".!;, ")
    lead = LEAD.match(text)
    return text, text[lead.end() :] if lead else text


def _own_rule(text: str, core: str, *, asks: bool) -> bool:
    if _NOT_LASTING.search(text) or _UNCERTAIN.match(core):
        return False
    if asks or _QUESTION_START.match(core):
        return bool(re.search(r"\b(?:from now on|always|in future|going forward)\b", core)) and bool(
            re.match(r"(?:can|could|would|will) you\b", core)
        )
    if _LASTING.search(text) or _TOLD.search(text) or _STYLE.search(core) or _STAYS.search(core):
        return not _describes_fault(core)
    told = _HABIT.search(text) or _PERSONAL.search(text)
    if told:
        return _is_own(core, text[: told.start()], told.group())
    return bool(_TEAM.search(core)) and not PROBLEM.search(core)


def _is_own(core: str, before: str, cue: str) -> bool:
    """Whether a habit is the speaker's own statement, not the content of a request ("add a note that we never ...")."""
    if IMPERATIVE.match(core) and not re.search(r"[,:;]|\b(?:because|since|as|so)\b", before):
        return False
    return not ("prefer" in cue and _THIS_TIME.search(core))


def _describes_fault(core: str) -> bool:
    """Whether "always" or "every time" only says how something goes wrong."""
    return (
        bool(re.match(r"(?:it|he|she|this|the \w+|\w+ (?:page|test|build|job))\b", core))
        and bool(PROBLEM.search(core))
        and not re.search(r"\b(?:you|always (?:put|use|add)|should|must|please)\b", core)
    )


def states_rule(sentence: Sentence, follows_rule: bool) -> bool:
    """Whether a sentence states something lasting by itself; `follows_rule` says that the one before it did."""
    text, core = _core(sentence)
    if _own_rule(text, core, asks=sentence.asks):
        return True
    return follows_rule and _continues(sentence, core)


def _continues(sentence: Sentence, core: str) -> bool:
    """Whether a sentence only explains the rule before it."""
    if sentence.asks or _QUESTION_START.match(core) or THANKS.search(core) or len(core.split()) > 30:
        return False
    if IMPERATIVE.match(core) or any(IMPERATIVE.match(clause.strip()) for clause in core.split(",")[1:]):
        return False
    return bool(_ADDS.match(core)) or bool(_BACK.match(core) and not re.search(r"\b(?:please|can you)\b", core))


class Statement(msgspec.Struct, frozen=True):
    """Something lasting that a message states: `quote` as it stands there, `text` what is left to rewrite."""

    quote: str
    text: str


def statements(text: str, found: Sequence[Sentence]) -> list[Statement]:
    """The lasting statements among the sentences of a message."""
    out: list[Statement] = []
    header = -1  # the paragraph whose sentences are all rules
    first = last = None
    for sentence in found:
        whole, core = _core(sentence)
        if sentence.paragraph != header or (
            _ENDS_HEADER.search(core) and not _own_rule(whole, core, asks=sentence.asks)
        ):
            header = -1
        opens = bool(_HEADER.search(whole)) and not _ONE_CHANGE.search(whole)
        own = _own_rule(whole, core, asks=sentence.asks) or (
            header >= 0 and not sentence.asks and len(core.split()) >= 3
        )
        if opens:
            header = sentence.paragraph
            own = own and len(whole.partition(":")[2].split()) >= 3
        elif own and header < 0:
            header = -1
        adds = (not own and _continues(sentence, core)) or (own and _SAME.match(core) is not None)
        if first is not None and last is not None and adds and sentence.paragraph == last.paragraph:
            last = sentence
            continue
        if first is not None and last is not None:
            out.append(_statement(text, first, last))
            first = last = None
        if own:
            first = last = sentence
    if first is not None and last is not None:
        out.append(_statement(text, first, last))
    return [statement for statement in out if len(statement.text.split()) >= 2][:_FOUND_MAX]


def _statement(text: str, first: Sentence, last: Sentence) -> Statement:
    quote = text[first.start : last.end]
    if len(quote) > _TEXT_CHARS_MAX:
        quote = text[first.start : first.end][:_TEXT_CHARS_MAX]
    text_only = re.sub(r"[.!]\s+", "; ", " ".join(plain(quote).split()).rstrip(".!"))
    return Statement(quote, _trim(text_only))


_OPENERS = re.compile(
    r"^(?:(?:and|oh|but|so|btw|by the way|also|ok(?:ay)?|right|well|yes|no|hmm*|plus|then|thanks|great|good|perfect|fine|one (?:more )?(?:thing|note|request)|heads[ -]up|fyi|for the record|for (?:the )?future|just so you know|note|remember(?: that)?|please (?:note|remember)(?: that)?|before you (?:ask|suggest it|start)|a reminder|reminder|new \w+ from \w+|(?:and )?one change to \w+ \w+ \w+|last but not least|generally speaking|first|second|third|finally)\b[\s,:;.!-]*)+",
    re.IGNORECASE,
)


def _trim(text: str) -> str:
    """A statement without its opening fillers, a one-off instruction before a colon and a header."""
    text = _OPENERS.sub("", text, count=1)
    before, colon, after = text.partition(": ")
    if colon and len(after.split()) >= 2:
        low_before, low_after = before.lower(), after.lower()
        if _HEADER.search(low_before) or (
            len(before.split()) > 3
            and _own_rule(low_after, low_after, asks=False)
            and not _own_rule(low_before, low_before, asks=False)
            and not low_before.startswith(("when", "for", "if", "in "))
        ):
            text = _OPENERS.sub("", after, count=1)
    return re.sub(r"[\s,]*\b(?:please|pls|plz|thanks|ok)\b[\s.!]*(?=$|[,:;]\s)", "", text, flags=re.IGNORECASE).strip()


_TOPICS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (topic, re.compile(rf"\b(?:{pattern})", re.IGNORECASE))
    for topic, pattern in (
        ("approvals", r"ask(?:s|ing)? (?:me|the user)|without asking|approv|permission|sign(?:s|ed)? off|go-ahead|push|deploy|refund|consent|limit|on (?:its|your) own|mine\b"),
        ("coding-preferences", r"code|coding|commit|branch|git\b|python|type[sd]?\b|lint|format(?:ter|ting)\b|indent|columns?\b|tests?\b|function|variable|import|dependenc|package|library|framework|sql\b|queries|repo|api\b|refactor"),
        ("communication", r"mail|reply|replies|answer|messages?\b|emoji|exclamation|tone|short|brief|bullet|paragraph|summar|words?\b|spelling|english|german|french|write|report|draft|language|subject|explain|guess|call me|sentence|lines?\b"),
        ("presentation", r"chart|plot|table|colou?r|dots?\b|graph|decimal|digits|round|currency|unit|slides?\b|figure|timings?"),
        ("scheduling", r"monday|tuesday|wednesday|thursday|friday|saturday|sunday|meeting|calendar|morning|afternoon|evening|o'clock|time ?zone|holiday|hours|schedul|weekend|deadline|week\b|\d(?:am|pm)\b"),
        ("people", r"manager|boss|wife|husband|colleague|team|assistant|deputy|has the desk|daughter|son\b|contact"),
        ("personal", r"name is|name's|live|allerg|vegan|vegetarian|blind|birthday|diet|pronoun|deaf|handed|work (?:as|at|in|for)|engineer|born|prefers? to be"),
        ("tools", r"use|tool|editor|shell|run|version|server|database|linux|windows|mac|docker|software|app\b"),
    )
)  # fmt: skip


def topic_of(text: str) -> str:
    """The topic of a statement, one of a small closed set."""
    for topic, pattern in _TOPICS:
        if pattern.search(text):
            return topic
    return "general"


_STOPWORDS = frozenset(
    "the user users wants want agent agents a an and or of to in on for with is are be it its that this from now as at by not no does do never always only up any all anything everything every each who so says say team their them they than then when whenever if one has have had will would should today own still just more most less first again s".split()
)
_WORD = re.compile(r"[£$€]?\d[\w.,:%]*\w|[£$€]?\d|[a-z][a-z'+#-]+")
_CHANGES = re.compile(
    r"\b(?:from now on|as of|instead|no longer|no more|any ?more|forget|now\b|changed?|new\b|update|used to|not \S*\d|rather than|scratch|starting|effective|actually|switch(?:ed|ing)?|moved|stop|replaces?|overrides?|finally)\b"
)


def key_words(text: str) -> set[str]:
    """The words of a text that say what it is about, crudely stemmed; numbers keep their currency."""
    found = (word.rstrip(".,:") for word in _WORD.findall(plain(text).lower()))
    return {
        re.sub(r"(?:'s|ing|ed|es|s|e)$", "", word) if word[0].isalpha() and len(word) > 4 else word
        for word in found
        if word not in _STOPWORDS
    }


def _numbers(keys: set[str]) -> set[str]:
    return {key for key in keys if any(letter.isdigit() for letter in key)}


_NEGATED_VALUE = re.compile(
    r"\b(?:no more|no longer|not|instead of|rather than|forget(?: about)?|stop(?: using| with)?|drop|in place of|without|away from|scrap|never mind|was|used to be)\s+(?:the |my |our |your |any |that )?(?:old |previous |earlier )?((?:[\w£$€.+#-]+ ?){1,4})"
)


def _negated_values(quote: str) -> set[str]:
    """The words of values that a statement says are no longer true: "no more PNG", "forget the £75"."""
    return {key for found in _NEGATED_VALUE.finditer(plain(quote).lower()) for key in key_words(found.group(1))}


def overtaken(text: str, quote: str, known: Sequence[str]) -> str:
    """The known statement that `text` overtakes: the same matter with another value; empty when there is none."""
    new, said = key_words(text), key_words(quote)
    changes = bool(_CHANGES.search(quote.lower()))
    dropped = _negated_values(quote)
    best, best_score = "", 0.0
    for old in known:
        keys = key_words(old)
        if not keys or old.strip().lower() == text.strip().lower():
            continue
        old_numbers, new_numbers = _numbers(keys), _numbers(new)
        shared = (keys & said) - old_numbers
        named = len(keys & dropped) >= 2 or (bool(keys & dropped) and bool((keys & said) - dropped))
        differs = bool(old_numbers) and bool(new_numbers) and not old_numbers & new_numbers
        score = len(shared) + (3.0 if named else 0.0) + (0.5 if differs else 0.0)
        alike = len(shared) >= 3 and 2 * len(shared) >= len(keys)
        enough = named or (differs and len(shared) >= (2 if changes else 3)) or (changes and alike)
        if enough and score > best_score:
            best, best_score = old, score
    return best


_OLD_CLAUSE = re.compile(
    r"[,;]?\s*\b(?:(?:and|so|but|please) )?(?:no more|no longer|not|instead of|rather than|forget(?: about)?|in place of|down from|up from|was|used to be)\b [^,.;:]*",
    re.IGNORECASE,
)


def _without_old(text: str, replaced: str) -> str:
    """A statement without the clauses that only name the value it overtakes."""
    old = key_words(replaced)

    def cut(found: re.Match[str]) -> str:
        rest = text[: found.start()] + text[found.end() :]
        return "" if key_words(found.group()) & old - key_words(rest) else found.group()

    shorter = _OLD_CLAUSE.sub(cut, text).strip(" ,;")
    return shorter if len(shorter.split()) >= 3 else text


def preferences(number: int, prose: str, found: Sequence[Sentence], known: Sequence[str]) -> list[PreferenceFound]:
    """The lasting statements of one message as preferences in the third person."""
    out: list[PreferenceFound] = []
    have = {old.strip().lower() for old in known}
    for statement in statements(prose, found):
        replaced = overtaken(statement.text, statement.quote, [*known, *(other.text for other in out)])
        text = third_person(_without_old(statement.text, replaced) if replaced else statement.text)
        if not text or text.lower() in have:
            continue
        have.add(text.lower())
        out.append(
            PreferenceFound(text=text, topic=topic_of(text), message=number, quote=statement.quote, replaces=replaced)
        )
    return out
