"""Which sentences state something lasting: a rule, a preference or a fact, not an instruction for the task at hand."""

import re
from collections.abc import Sequence

from seasoned.rules.requests import DEMANDS, IMPERATIVE, PROBLEM
from seasoned.rules.sentences import Sentence
from seasoned.rules.standing import fault, of_the_moment, standing, strong, wants_more
from seasoned.rules.verdicts import THANKS
from seasoned.rules.words import LEAD

_ADDITION_WORDS_MAX = 30
_HEADED_WORDS_MIN = 3

# Said of all time to come, whatever the rest of the sentence is.
_LASTING = re.compile(
    r"\b(?:from (?:now|here|today|this point)(?: on(?:wards)?)?(?! to\b)|going forward|henceforth"
    r"|as of (?:today|now"
    r"|this week|next \w+|(?:mon|tues|wednes|thurs|fri)day)|now and (?:later|forever|in future)|(?:in"
    r"|for) (?:the )?future(?! flights?| travel)\b|by default|as a rule|in general|house rules?"
    r"|ground rules?|standing (?:rule|order|instruction)s?|once and for all"
    r"|(?:that|it|this|which) stays (?:so|that way|like that)|no matter what"
    r"|same (?:goes )?for (?:anything|everything|any|every|all) (?:later|else|after)|without (?:asking"
    r"|checking with|telling|my (?:ok|okay|approval|permission|consent|say-so|go-ahead)"
    r"|permission)(?: me)?(?: first)?|(?:ask|check with|tell|warn|consult) me (?:first|before|beforehand)"
    r"|needs? my (?:approval|ok|okay|sign-?off|permission|go-ahead)|address me as|refer to me as"
    r"|(?:you )?(?:don't|do not|never) (?:need|have) to ask(?: me)?|run (?:it|that|them|everything) (?:by"
    r"|past) me|(?:are|is|that's|stays) (?:always )?mine\b|every time (?:you|we|i)|each time (?:you|we|i)"
    r"|whenever (?:you|we|i)\b|at all times|for future reference|keep (?:that|this|it) in mind"
    r"|please remember|remember (?:that|to|for|this)\b|(?:our|my) (?:policy|convention|rule|standard|style"
    r"|house style)|(?:that|which)(?:'s| is) (?:our|my|the) (?:policy|convention|rule|standard)"
    r"|next time,? (?!(?:we|i|it|he|she|they|the|around|it's|i'm)\b)\w+|for (?:the )?next (?:ones?|times?"
    r"|reports?|mails?|summar(?:y|ies)|cases)\b|, always$|\b(?:you|i|we|please"
    r"|want)\b[^.]*\bevery time$"
    r"|(?:in|for|on|with|of|to) everything (?:you|we|i) \w+|every single time"
    r"|suits? (?:me|us) (?:now|best|better|generally)"
    r"|(?:you )?(?:may|can|could|should) (?:now )?forget (?:about )?(?:the|my|that"
    r"|our) (?:[\w']+ ){1,4}(?:rule|limit|restriction|preference)"
    r"|\bas a (?:general )?rule\b|\bat all times\b|(?:for|in|on|with|to|after|before|of) (?:every|each|all"
    r"|any) (?:\w+ ){1,3}(?:that )?(?:you|we|i) \w+|in this (?:project|repo|repository|team|house|shop"
    r"|codebase|company) (?:we|you|everything|all)|(?:is|are|'s) (?:\w+ )?(?:for us|at our place"
    r"|around here|in our (?:team|company|shop|house))\b)"
)
# Habits and traits of the person.
_HABIT = re.compile(
    r"^(?!(?:that|this|it|the|what|which|one|all|these|those)\b)\w+(?: \w+){0,2} (?:i|we) (?:only |always "
    r"|never )?(?:want(?! to)|like|prefer|read|skip|hate|need)\b|\b(?:i|we) (?:(?:always|never)(?! (?:got|had|heard"
    r"|saw|been|worked|knew|did|thought|\w+ed)\b)|usually(?! would)"
    r"|normally|generally|typically|only(?: ever)?(?! (?:see|saw|have"
    r"|had|got|need|found|know|just|asked|meant|wanted|get|noticed|want (?:the|to|it|a|one|two)))|mostly"
    r"|strongly prefer|prefer(?! (?:the|this|that|option|a) )|hate|dislike|detest|can't stand|cannot stand"
    r"|can't (?:eat|read|see|hear|drink|open|use)(?! (?:it|the|that|this|any|my|them|a|your)\b)|don't (?:like|read"
    r"|eat|drink|use|trust|work|speak"
    r"|do(?! (?:it|that|this|so)\b)|drive|fly|allow|take|want (?:any|to see|to be|you to)|need to see"
    r"|deal)|do not (?:like|read|eat|drink|use|trust|work|speak|do|allow|take))\b"
    r"|\bi (?:like|love|enjoy) (?!it\b|that\b|this\b|the (?:first|second|last|new|idea|look)|to (?:book"
    r"|change|cancel|add|know|see|have|get|make)|how\b|your\b|them\b|what\b)\w+|\b(?:i"
    r"|we) \w+ [^.?!]{0,60}\b(?:every|each) (?:day|week|month|morning|evening|night|year|quarter|(?:mon"
    r"|tues|wednes|thurs|fri|satur|sun)day|other \w+)s?\b|\bon (?:mon|tues|wednes|thurs|fri|satur"
    r"|sun)days\b[^.]{0,20}\b(?:i|we)\b|\b(?:i|we)(?:'m|'re| am| are)? [^.]{0,20}\bon (?:mon|tues|wednes"
    r"|thurs|fri|satur|sun)days\b|\b(?:i'm|i am|we're|we are) (?:[\w-]+ ){0,4}(?:every|each) (?:day|week"
    r"|month|morning|evening|(?:mon|tues|wednes|thurs|fri|satur|sun)day)|\bi'm never in\b|\bi am never\b"
    r"|\bi'm (?:always|usually|never|rarely) \w+|\bi'd rather (?:you|have|see|get|not|we)\b(?! (?:this"
    r"|that) (?:one|flight))"
)
_PERSONAL = re.compile(
    r"\b(?:my (?:(?:full|first|last|preferred|middle) )?(?:name|time ?zone|pronouns|birthday|job|role"
    r"|title|manager|boss|assistant|deputy|wife|husband|partner|son|daughter|mother tongue|native language"
    r"|first language|editor|shell|terminal|keyboard|screen|monitor|laptop|machine|desk|office"
    r"|working (?:hours|days)|work (?:hours|days)|company|employer|department|team|signature|diet) (?:is"
    r"|are|'s|runs|has|starts)\b|my name's"
    r"|my (?:wife|husband|partner|son|daughter|mother|father|mum|mom|dad|sister|brother|boss|manager"
    r"|colleague|assistant|dog|cat) (?:[a-z]+ )?(?:is(?! (?:\w+ )?(?:sick|ill|late|here|waiting|away|busy"
    r"|in hospital))|has|runs|works|lives|loves|hates|can't|doesn't)\b"
    r"|call me (?!back|later|when|if|at|on|a |an |tomorrow)[a-z]\w+|i go by \w+|i(?:'m"
    r"| am) (?:\w+[ -]){0,3}(?:colou?r-?[ -]?blind|blind|deaf|dyslexic|left-handed|vegan|vegetarian"
    r"|coeliac|celiac|diabetic|pescatarian|lactose|allergic|based (?:in|at|out)|located in|hard of hearing"
    r"|partially sighted|short-sighted)"
    r"|i(?:'m| am) (?:a|an|the) (?!bit|little|lot|fan of (?:it|that)|while|few"
    r"|new )(?:[\w-]+ ){0,4}(?:engineer|developer|analyst|designer|manager|lead|nurse|doctor|teacher"
    r"|scientist|researcher|student|accountant|lawyer|consultant|admin|maintainer|founder|owner|director"
    r"|editor|writer|translator|programmer|planner|buyer|clerk|assistant|coordinator|officer|head"
    r"|professor|freelancer|contractor|member|pharmacist|chef|architect|technician|operator|physicist"
    r"|biologist|chemist|statistician|librarian|photographer|musician|vegetarian|vegan)\b"
    r"|i (?:work|live(?! at)|sit) (?:in|at|as|for|from|with(?! (?:her|him|them|it)\b)|part[- ]time|on|near|mondays?"
    r"|tuesdays?|only|four"
    r"|three|remotely|nights)\b(?! (?:it|this|that|the (?:fix|bug|issue)))|i speak (?!from|to|with|about|for|as|up"
    r"|of)\w+|i(?:'m"
    r"| am) on (?:linux|mac|macos|windows|ubuntu|debian|fedora|arch|gmt|utc|cet|pst|est)\b"
    r"|english (?:is not|isn't) my)"
)
_TEAM = re.compile(
    r"^(?:we|our team|our company|our shop|everyone here|everybody here|everything here)(?:'re"
    r"| are)? (?:all )?(?:use|run|deploy|pin|target|ship|host|bill|store|keep|write|speak|work|report"
    r"|close|invoice|pay|buy|order|follow|format|label|name|count|measure|round|charge|quote|price|tag|number|sort"
    r"|archive|accept|offer|serve|grade"
    r"|mark|spell|release|review|encrypt|abbreviate|capitali[sz]e|trade|code|stick|on|a|an|based"
    r"|runs)\b(?! (?:it|this|that|into|out|to))"
    r"|^our (?:[\w-]+ ){1,4}(?:is|are|runs?|lives?|starts?|ends?|begins?|closes?|opens?|uses?|goes|go"
    r"|sits?|belongs?|means|counts?)\b"
)
# Said to the agent: "always put ...", "never post ...", "don't guess ... when you write to me".
_TOLD = re.compile(
    r"(?:^|[,:;] |\b(?:and|but|so|please|also|then|to|you|you should|you must|should|must|that) )(?:always"
    r"|never|only ever) (?!(?<=never )[a-z]*[^s\W]s\b|mind\b|listen|learn|understand|get\b|remember|see\b|again\b"
    r"|been\b|had\b|got\b|seen\b|the\b|heard\b|worked\b|received\b"
    r"|arrived\b|showed\b|came\b|\w+ed\b)[a-z]+"
    r"|\bdon't (?:ever )?\w+[^.]{0,60}\b(?:when (?:you|writing|talking)|to me|in general|any ?more|ever"
    r"|again|unless i)\b|\b(?:please )?stop \w+ing\b[^.]{0,40}\b(?:me|your|emoji|every)"
    r"|^only (?:use|order|buy|send|book|call|write|ship|deploy|push|contact|take|pay|include|quote|cite"
    r"|change|run|touch)\b[^.]*(?:,|$)|\bwhen(?:ever)? you (?!are\b|can\b|have\b|get\b|finish\b|start\b"
    r"|said\b|did\b|were\b|look\b|think\b|know\b)(?:suggest|propose|offer|recommend|search|pick|choose|review|fix"
    r"|speak|talk|count|measure|round|calculate|compare"
    r"|rank|sort|label|show|write|send|report|answer|reply|commit|talk|give"
    r"|make|draft|present|quote|name|post|book|open|change|touch|edit|create|list|summari[sz]e|plot|draw"
    r"|format|print|mail|email|message|order|add|schedule|use|need|do|explain|translate|mention|cite"
    r"|deploy|push|run|query|ship|pay|update|plan|refer|address|export)\b"
    r"|\b(?:answers?|replies|reply|messages?|summar(?:y|ies)|reports?|mails?|emails?|commits?|comments?"
    r"|docs|tables?|charts?|dates?|amounts?|numbers?|prices|times|units|names|titles|code|functions"
    r"|variables|everything (?:in|for|that|you|we))\b[^.]{0,40}(?<!who )(?<!that )(?<!which )\b(?:always"
    r"|never|are to|must|should (?:always|never)|has to|have to|in (?:british|american|metric|imperial|utc"
    r"|lower|upper))\b"
)
_STYLE = re.compile(
    r"^(?:no|without|skip the|avoid|drop the|spare me the|less|fewer) (?:more )?(?:emojis?"
    r"|exclamation marks?|bullet points?|bullets|markdown|small talk|jargon|slang|smileys?|preambles?"
    r"|fluff|essays?|apologies|filler|pie charts?|buzzwords|superlatives|pleasantries|paragraphs"
    r"|walls of text|adverbs|abbreviations|acronyms|flattery|greetings?|sign-?offs?|disclaimers|hedging"
    r"|em[- ]dashes)\b"
    r"|^(?:please )?(?:keep|make|write|give|format|limit) (?:me )?(?:your|all|the|any)? ?(?:answers?"
    r"|repl(?:y|ies)|responses?|messages|summaries|explanations|reports|mails|emails|commits"
    r"|commit messages|updates)\b[^.]{0,60}\b(?:short|brief|concise|terse|under|below|at most|to (?:one"
    r"|two|three|\d+)|in (?:\w+)|max)"
    r"|\b(?:\w+ )?(?:at most|max(?:imum)?|tops|or (?:less|fewer)|no more than|not more than"
    r"|never more than)\b[^.]{0,60}\b(?:in|per|for|on|at) (?:any|every|each|all|a|an|your)\b"
    r"|\b(?:summar(?:y|ies)|tables?|answers?|repl(?:y|ies)|reports?|mails?|emails?|messages?|lines|titles"
    r"|subjects?|functions|commits?|paragraphs|sentences|updates|charts?|lists?"
    r"|explanations)\b (?:\w+ )?(?:at most|max(?:imum)?|no longer than|no more than|under|below|of at most"
    r"|up to) \S+"
    r"|^(?:at most|no more than|not more than|max(?:imum)?(?: of)?|up to) \S+ (?:\w+ ){0,3}(?:per|each"
    r"|a day|a week|in (?:any|a|one)|every)\b"
)
_STAYS = re.compile(
    r"(?:^|: )(?:[\w.+-]+ ){1,5}(?:stays?|remains?)(?: (?:as (?:it|they) (?:is|are)|put|where (?:it"
    r"|they) (?:is|are)|supported|in))?$"
)
HEADER = re.compile(
    r"\b(?:(?:house|ground|quick|some|few|basic|my|our|team|working|standing|desk"
    r"|project) (?:\w+ )?(?:rules|preferences|ways|conventions|habits)|rules (?:first|here|of (?:the house"
    r"|engagement))|things (?:to know|you should know|to remember|about (?:me|us|how|working))|about me"
    r"|how (?:i|we) (?:work|like|do|want)|(?:haven't|never|not) worked together|first time (?:with|working"
    r"|we)|(?:you're|you are|since you're) new(?: \w+){0,4}|before we (?:start|begin|get going)"
    r"|you should know|(?:two|three|four|some|few|couple of) (?:\w+ )?things (?:before|since|you|up front"
    r"|in advance|first about)|ways? i (?:like|want|work)|preferences\s*:|rules\s*:|so you know"
    r"|for your notes|good to know\s*:|a few (?:things|notes) (?:about|on|before))\b"
)
_ONE_CHANGE = re.compile(
    r"\b(?:one|a|an|another|small|quick) (?:\w+ )?(?:change|update|addition|exception|correction|more|new)\b"
)
_ENDS_HEADER = re.compile(
    r"(?:^|\b)(?:first (?:one|job|task|up|thing|case)|now (?:to|for)|to work|task|right,|ok,|okay,"
    r"|your (?:first )?(?:task|job))\b|\?$"
)
_NOT_LASTING = re.compile(
    r"\b(?:my (?:user|reservation|order|booking|case|ticket|confirmation|account|customer|card|phone"
    r"|passport|login|(?:frequent )?flyer|member(?:ship)?)(?: id| number| no\b| code|name)|password"
    r"|api key|token|pin code|never ?mind|this time|for (?:this|that) (?!project|repo|paper|client|customer"
    r"|team|company|account|book|grant|house)\w+|while you\b|lol\b|haha+|just (?:this )?once|for once|only (?:this"
    r"|for) (?:once|today|now)|for now\b|i (?:always"
    r"|never) (?:thought|knew|wondered|got|had|said|saw|forget|remember)|i never (?:received|asked|ordered"
    r"|said|did|want to see that))\b"
)
_THIS_TIME = re.compile(
    r"\b(?:that|this|those|these|instead|option|payment|today|tomorrow|economy"
    r"|(?:first|business|economy) class|flights?|certificates?|gift cards?|refunds?|so (?:i'd|we'd|i would|let's"
    r"|please)|prefer to (?:use|pay|book|go|take"
    r"|fly)|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w* \d{1,2})\b"
)
_THIS_ONE = re.compile(r"(?:this|that|the) \w+ (?:must|has to|have to|needs to) (?!always|never)")
_UNCERTAIN = re.compile(
    r"^(?:if|what if|imagine|suppose|maybe|perhaps|i (?:think|guess|wonder|wish|hope)|(?:they|he|she|it"
    r"|the (?:customer|client|report|log|doc|docs|readme|page|manual|policy|error|test|build|site"
    r"|server)) (?:says?|said|always|never|only|usually|keeps?)|according to)\b"
)
_THEN_ASKS = re.compile(r"[,;:] (?:so )?(?:can|could|would|will) (?:you|we)\b")
_ADDS = re.compile(
    r"(?:above|below|over|under|otherwise|either|so|because|since|that|this|those|these|it|they|its|same"
    r"|anything|everything else|the rest|only|unless|except|exceptions?|beyond|for (?:anything|everything)"
    r"|no exceptions?|ever|not even|reason|\w+ is (?:fine|ok|okay|allowed))\b"
)
_SAME = re.compile(
    r"(?:(?:the )?same (?:goes )?(?:for|with)|no exceptions?|ever\b|(?:that|this) (?:goes|holds|applies"
    r"|stays))"
)
_BACK = re.compile(r"(?:\S+ ){0,4}(?:it|that|this|those|they|them|that's|it's)\b")
_ASKED_FOR_GOOD = re.compile(
    r"\b(?:from now on|for (?:everything|anything)|in all (?:my|our)|each time|as a rule|in general|always|in (?:the"
    r" )?future|going forward|every time|whenever)\b"
)
_QUESTION_START = re.compile(
    r"(?:(?:have|did|do|does|is|are|was|were|can|could|would|will) (?:you|i|we|it|the|he|she|they|there"
    r"|that|this)|(?:what|which|who|where|when|why|how) (?:is|are|do|does|did|about|was|were|can|should"
    r"|would))\b"
)


def core_of(sentence: Sentence) -> tuple[str, str]:
    text = " ".join(sentence.words.lower().split()).rstrip(".!;, ")
    lead = LEAD.match(text)
    return text, text[lead.end() :] if lead else text


def own_rule(text: str, core: str, *, asks: bool) -> bool:
    """Whether a sentence in lower case states something lasting; `core` is the text without its opening fillers."""
    return _told_rule(text, core, asks=asks) or (not asks and _stands(text, core))


def _stands(text: str, core: str) -> bool:
    return not _NOT_LASTING.search(text) and (standing(core) or (core != text and standing(text)))


def _told_rule(text: str, core: str, *, asks: bool) -> bool:
    if _NOT_LASTING.search(text) or _UNCERTAIN.match(core):
        return False
    if asks or _QUESTION_START.match(core):
        told = re.search(r"\b(?:can|could|would|will|shall) (?:you|we)\b", core)
        return told is not None and _ASKED_FOR_GOOD.search(core) is not None
    if _LASTING.search(text) or _TOLD.search(text) or _STYLE.search(core) or _STYLE.search(text) or _STAYS.search(core):
        return not _describes_fault(core) and not (_THIS_ONE.match(core) and not _LASTING.search(text))
    told = _HABIT.search(text) or _PERSONAL.search(text)
    if told and (fault(text) or "is flying" in text) and not _HABIT.search(text):
        return False
    if told:
        return _is_own(core, text[: told.start()], told.group())
    return bool(_TEAM.search(core)) and not _THEN_ASKS.search(core) and not of_the_moment(core)


def _is_own(core: str, before: str, cue: str) -> bool:
    """Whether a habit is the speaker's own statement, not the content of a request ("add a note that we never ...")."""
    if before.strip() and IMPERATIVE.match(core) and not re.search(r"[,:;]|\b(?:because|since|as|so)\b", before):
        return False
    return not ("prefer" in cue and _THIS_TIME.search(core))


def _describes_fault(core: str) -> bool:
    """Whether "always" or "every time" only says how something goes wrong."""
    return (
        bool(
            re.match(
                r"(?:(?:every time|each time|whenever|when) (?:i|we|it|he|she|the)|it|he|she|this|the \w+|\w+"
                r" (?:page|test|build|job))\b",
                core,
            )
        )
        and bool(PROBLEM.search(core))
        and not re.search(r"\b(?:you|always (?:put|use|add)|should|must|please)\b", core)
    )


def _continues(sentence: Sentence, core: str) -> bool:
    """Whether a sentence only explains the rule before it."""
    if sentence.asks or _QUESTION_START.match(core) or THANKS.search(core) or len(core.split()) > _ADDITION_WORDS_MAX:
        return False
    if IMPERATIVE.match(core) or any(IMPERATIVE.match(clause.strip()) for clause in core.split(",")[1:]):
        return False
    return bool(_ADDS.match(core)) or bool(_BACK.match(core) and not re.search(r"\b(?:please|can you)\b", core))


def _goes_on(before: Sentence, sentence: Sentence) -> bool:
    return before.paragraph == sentence.paragraph and not sentence.bullet


_CLAUSES_MAX = 12
_CLAUSE_WORDS_MIN = 4
_CLAUSE_START = re.compile(r"[,;:]\s+|\s-+\s+|\s(?=because |since |cause |cos )")


def embedded(sentence: Sentence) -> int | None:
    """Where in a sentence that asks for something (offset in `raw`) a clause begins that states something lasting."""
    if sentence.asks or _NOT_LASTING.search(sentence.words.lower()):
        return None
    starts = [0, *(found.end() for found in _CLAUSE_START.finditer(sentence.words))]
    for start in starts[:_CLAUSES_MAX]:
        low = " ".join(sentence.words[start:].lower().split()).rstrip(".!;, ")
        clauses = _CLAUSE_START.split(low, maxsplit=1)
        lead = LEAD.match(low)
        core = low[lead.end() :] if lead else low
        if start == 0 and not strong(core) and (DEMANDS.match(core) or IMPERATIVE.match(core)):
            continue
        if len((low if strong(core) else clauses[0]).split()) >= _CLAUSE_WORDS_MIN and (
            standing(core) or standing(low)
        ):
            return start
    return None


def groups(found: Sequence[Sentence]) -> list[tuple[int, int]]:
    """The statements of a message as ranges of sentences (first, end): a rule with the sentences that explain it.

    After a header ("house rules:") every sentence of its paragraph is a rule of its own.
    """
    ranges: list[tuple[int, int]] = []
    header = -1  # the paragraph that a header opened
    for place, sentence in enumerate(found):
        whole, core = core_of(sentence)
        own = _told_rule(whole, core, asks=sentence.asks)
        if not own and not sentence.asks and not wants_more(core):
            own = _stands(whole, core)
        if sentence.paragraph != header or (_ENDS_HEADER.search(core) and not own):
            header = -1
        headed = header >= 0 and not sentence.asks and len(core.split()) >= _HEADED_WORDS_MIN
        if HEADER.search(whole) and not _ONE_CHANGE.search(whole):
            header = sentence.paragraph
            own = own and len(whole.partition(":")[2].split()) >= _HEADED_WORDS_MIN
        beside = bool(ranges) and ranges[-1][1] == place and _goes_on(found[place - 1], sentence)
        adds = _SAME.match(core) is not None if own or headed else _continues(sentence, core)
        if beside and adds:
            ranges[-1] = (ranges[-1][0], place + 1)
        elif own or headed:
            ranges.append((place, place + 1))
    return ranges
