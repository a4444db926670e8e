"""What is said to agents rather than about the work, as phrases over the plain view of a text.

A phrase begins at one of its words; the pattern is tried there only, over a bounded stretch, so that any number of
phrases costs one look-up a word. The patterns see small letters without accents, hyphens and quotes as spaces.

The file is one table, a phrase for each way to say it, and longer than others for that.
"""

import re
from typing import Final

import msgspec

STRETCH: Final = 200


class Phrase(msgspec.Struct, frozen=True):
    """Something that is said: why it is held back, the words that it can begin with, and how it goes on from there."""

    reason: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    unless_warned: bool = False


IGNORES: Final = "it tells an agent to ignore its instructions"
SPEAKS: Final = "it speaks to an agent"
KEEPS_RULE: Final = "it asks to be kept as a rule"
KEEPS_FROM: Final = "it asks to keep something from the user"
SECRETLY: Final = "it acts in secret"
SENDS: Final = "it sends data to an address"
UNPROTECTED: Final = "it switches off a protection"
RIGHTS: Final = "it gives rights to everybody"
PROMOTES: Final = "it promotes something whatever is asked"
DECODES: Final = "it asks to decode and follow something"


def _phrase(reason: str, words: str, pattern: str, *, unless_warned: bool = False) -> Phrase:
    return Phrase(reason, tuple(words.split()), re.compile(pattern), unless_warned)


# A stretch within a sentence, and one that may cross its commas only.
_IN: Final = r"[^.:;!?]"
_AI: Final = r"(?:(?:ai|llm|coding|autonomous|automated|language|large language|chat|virtual|digital|ki|ia) ){0,2}(?:agents?|assistants?|copilots?|chat ?bots?|bots?|llms?|ai|ais|models?|claude|(?:chat ?)?gpt|gemini|reviewers?|assistenten?|asistentes?|agenten?|agentes?|assistant)"
_SURE_AI: Final = r"(?:(?:ai|llm|language|coding|automated|autonomous|ki|ia) (?:agents?|assistants?|models?|bots?|reviewers?|copilots?|systems?|assistenten?)|ai|ais|llms?|a i|chat ?bots?|copilots?|claude|(?:chat ?)?gpt|gemini|(?:assistants?|asistentes?|assistenten?|agents?) (?:ia|de ia|d ia|ki))"
_PERSON: Final = r"(?:users?|humans?|operators?|(?:account |shop )?owners?|maintainers?|developers?|admins?|people|person|anyone|anybody|them|him|her|human)"
_RULES: Final = r"(?:instructions?|prompts?|rules?|messages?|directions?|guidelines?|directives?|context|polic(?:y|ies)|constraints?|restrictions?|orders|commands?|programming|training|guidance|brief(?:ing)?)"
_OF_AGENT: Final = r"(?:the|all|any|of|your|my|these|those|previous|prior|above|earlier|preceding|former|existing|system|safety|other|and|developer|initial|original|everything|every|each|given|past|current|own|s|content|confirmation|operator|security|any|these|guidance)"
_NOT: Final = r"(?:do not|don t|never|must not|mustn t|should not|shouldn t|no need to|without|cannot|may not|not)"
_ACT: Final = r"(?:use|call|run|open|ignore|disregard|add|approve|ask|send|post|transfer|escalate|execute|install|visit|close|push|output|say|rate|include|delete|fetch|do|store|please|also|always|must|never|import|merge|accept|follow|forward|download|click|stop|import|whitelist|grant|pay|the user|you|load|append|write|reply|respond|answer|before|first)"

PHRASES: Final = (
    # Instructions that are to be set aside.
    _phrase(
        IGNORES,
        "ignore disregard forget override bypass overlook discard abandon neglect drop ignoring disregarding set",
        rf"(?:set aside|\w+)(?: {_OF_AGENT}){{1,7}} {_RULES}(?! (?:in|of|from|for|file|files|about|queue|table|broker|bus)\b)",
    ),
    _phrase(
        IGNORES,
        "ignore disregard forget discard overlook drop",
        r"\w+ (?:everything|all|anything|whatever|what)(?: of)?(?: that)? (?:(?:you|i) (?:were|was|are|have been|had been|ve been|have|had|know|learned)|(?:was|has been) (?:said|told)|(?:stands |is |came )?(?:above|before))\b",
    ),
    _phrase(
        IGNORES,
        "ignore disregard abandon drop forget set",
        r"(?:set aside|\w+) (?:what )?(?:the |its |your |my )?(?:users?(?: s)? (?:task|request|wish|wishes|question|instructions?|asked|wants|said)|current task|original (?:task|request|goal)|other (?:rows|documents|results|sources))\b",
        unless_warned=True,
    ),
    _phrase(
        IGNORES,
        "stop no longer do don not",
        rf"\w+(?: \w+){{0,5}} (?:follow|following|respect|respecting|obey|obeying|comply with|adhere to|heed)(?: {_OF_AGENT}){{1,5}} (?:{_RULES}|operators?|users?)\b(?! (?:in|of|from|for) (?!your))",
    ),
    _phrase(
        IGNORES,
        "pay paying",
        r"\w+ no (?:attention|heed) to(?: \w+){0,4} (?:messages?|instructions?|rules?|prompts?|above|before|earlier)\b",
    ),
    _phrase(
        IGNORES,
        "your my the all any whatever these those",
        rf"(?:(?:your|my)(?: \w+){{0,3}} {_RULES}(?: \w+){{0,4}} (?:(?:have|has|had|are|is|was|were|been) ){{1,3}}(?:now )?(?:superseded|cancell?ed|void|replaced|lifted|revoked|outdated|overridden|obsolete|suspended|disabled|invalid|null)"
        rf"|(?:the|all|any|these|those)(?: {_OF_AGENT}){{0,5}} {_RULES}(?: above| before| so far| given)?(?: \w+){{0,2}} (?:void|superseded by|lifted|no longer binding|null and void)"
        rf"|whatever {_RULES})",
    ),
    _phrase(
        IGNORES, "no", r"no longer (?:apply|applies|bound|binding|valid for you)\b(?=[ .,;:!?]|$)(?! to| in| on| for)"
    ),
    _phrase(
        IGNORES,
        "take takes taking",
        r"\w+ (?:precedence|priority) over (?:them|your|the (?:system|user|operator|developer)|all (?:other|previous|earlier))",
    ),
    _phrase(
        IGNORES,
        "overrides overrule overrules supersedes replaces trumps",
        r"\w+ (?:the (?:users?|operator|system prompt|developer)|your (?:instructions|rules|system prompt|guidelines|wishes))\b",
    ),
    _phrase(
        IGNORES,
        "safety security content",
        r"\w+ (?:checks?|rules?|filters?|guidelines?|polic(?:y|ies)|restrictions?)(?: \w+){0,2} (?:disabled|lifted|suspended|off|removed) (?:for|in|during) (?:this|the|your)\b",
    ),
    _phrase(
        IGNORES,
        "new updated",
        r"\w+ (?:priority|objective|goal|instructions?|directives?|orders?) ?: (?:ignore|abandon|drop|you|forget|disregard|stop|instead)\b",
    ),
    _phrase(
        IGNORES,
        "system",
        r"system (?:override|prompt (?:is|was|has been) (?:replaced|changed|void|updated|overridden))\b",
    ),
    _phrase(
        IGNORES,
        "skip",
        r"skip (?:every|all|any)(?: \w+){0,2} (?:approvals?|confirmations?|reviews?|verifications?|safety checks?)\b",
    ),
    _phrase(
        IGNORES,
        "you",
        r"you (?:may|can|should|must) (?:now )?(?:\w+ ){1,4}without asking for (?:permission|approval|confirmation)\b",
    ),
    _phrase(
        IGNORES,
        "ignoriere ignorier ignorieren vergiss vergesst missachte ubergehe ignora ignorad ignoren ignore ignorez oublie oubliez olvida olvide olviden olvidad esquece esqueca dimentica negeer vergeet zignoruj ignoruj zapomnij ignorera glom игнорируи игнорируите забудь забудьте проигнорируи",
        r"\w+(?: \w+){0,4}? (?:alle|deine|eure|bisherigen?|vorherigen?|fruheren?|obigen?|todas?|tus|sus|las anteriores|anteriores|previas|toutes?|tes|vos|precedentes?|todas as|suas|tutte|tue|precedenti|eerdere|vorige|wszystkie|poprzednie|swoje|alla|tidigare|все|всех|предыдущие|свои|прежние)(?: \w+){0,3}? (?:anweisung\w*|regeln?|vorgaben|instruktion\w*|instruccion\w*|reglas|ordenes|instruction\w*|consignes|regles|directives|instruc\w+|regras|istruzion\w*|regole|instructies|regels|instrukcj\w*|zasad\w*|polecen\w*|инструкци\w*|правила|указания|prompts?|mensajes)\b",
    ),
    _phrase(
        IGNORES,
        "olvida oublie vergiss esquece dimentica olvide oubliez",
        r"\w+ (?:tus|tes|tuas|tue|sus|vos|suas|deine|le tue|as tuas|todas tus) (?:\w+ )?(?:reglas|regles|regras|regole|consignes|instruc\w+|istruzioni|regeln|anweisungen|ordenes)\b",
    ),
    _phrase(
        IGNORES,
        "ignora ignore ignorez olvida oublie oubliez dimentica esquece ignoriere vergiss ignoren ignorad negeer игнорируи забудь",
        r"\w+ (?:\w+ ){0,2}(?:regole|istruzioni|instrucciones|reglas|instructions|consignes|regles|instrucoes|regras|anweisungen|regeln|instructies|regels|инструкции|правила) (?:precedenti|anteriores|previas|precedentes|anteriori|du systeme|del sistema|eerder|vorher|выше)\b",
    ),
    _phrase(
        IGNORES,
        "onceki yukaridaki",
        r"\w+ (?:\w+ ){0,2}(?:talimat\w*|kural\w*|komut\w*) (?:\w+ ){0,1}(?:yok say\w*|gormezden|unut\w*)",
    ),
    _phrase(
        IGNORES,
        "the earlier previous old prior",
        rf"(?:the )?(?:earlier|previous|old|prior|original) (?:{_RULES}|task|request|goal) (?:is|are|was|were|has been|have been) (?:now )?(?:cancell?ed|void|withdrawn|revoked|superseded|overruled)\b",
    ),
    _phrase(IGNORES, "only", r"only (?:on )?what \w+ (?:assigns|says|orders|wants|commands|decides)\b"),
    _phrase(
        IGNORES,
        "says say obey serve trust follow",
        r"(?:says? )?(?:obey|serve|trust|follow) \w+(?: \w+)? (?:unconditionally|blindly|only|alone|from now on|completely|in everything)\b|says? obey\b",
    ),
    _phrase(
        IGNORES, "new updated revised changed", r"\w+ system (?:instructions?|prompt|rules|message)\b(?: \w+){0,2} ?:"
    ),
    _phrase(
        IGNORES,
        "merge approve deploy",
        r"\w+ (?:this|it|now)(?: \w+){0,4} ignore (?:the |all |any )?(?:failing|failed|red) (?:checks?|tests?)\b",
    ),
    _phrase(
        IGNORES,
        "haz hagan faites fais ne non no",
        r"(?:haz|hagan|haga) caso omiso de\b|ne (?:tenez|tiens) (?:pas |aucun )?compte (?:pas )?des?\b.{0,20}(?:instructions|consignes|regles)|(?:no|non) (?:sigas|sigan|seguire|seguir) (?:las |le |as )?(?:instruc\w+|reglas|regole|istruzioni)",
    ),
    _phrase(
        SPEAKS,
        "you",
        r"you (?:are|re) no longer (?:an? |the )?(?:ai|assistant|agent|bot|chatbot|language model|bound)\b",
    ),
    _phrase(
        SPEAKS,
        "the",
        r"the (?:next|other|future|following) (?:agent|assistant|session|model|bot|run)s? (?:knows?|must|has to|have to|should|shall|needs? to|will)\b",
    ),
    _phrase(
        SPEAKS,
        "all every each any",
        r"\w+ (?:ai |coding )?(?:agents|assistants|bots|models|agent|assistant|bot|model) (?:accepts?|trusts?|obeys?|follows?|serves?|must|reports? to|belongs? to)\b",
    ),
    _phrase(
        SPEAKS,
        "the",
        r"the (?:assistant|agent|model|ai|bot|llm) (?:should|must|has to|needs to) (?:now )?(?:\w+ ){0,4}(?:with the admin|admin password|and tell|tell \w+|report to|send|transfer|wire|pay|open http|visit|log in|grant|approve all)\b",
    ),
    _phrase(
        SPEAKS,
        "required mandatory next necessary",
        r"\w+ (?:next )?(?:action|step|tool call|function call)s? ?: ?(?:call|run|open|send|transfer|execute|use|invoke|visit|wire|pay)\b",
    ),
    _phrase(SPEAKS, "respond answer reply speak", r"\w+ only as \w+|\w+ as \w+ ?,? an ai\b"),
    _phrase(
        SPEAKS,
        "from",
        r"from (?:today|tomorrow|here|this day)(?: on)? ?,? (?:every|each|all) (?:sessions?|tasks?|agents?|runs?|conversations?|answers?) (?:has|have|must|should|shall|begins?|starts?|will)\b",
    ),
    _phrase(
        SPEAKS,
        "ai llm agents assistant assistants bot copilot",
        r"(?<!support )(?<!service )(?<!sales )(?<!the )(?<!an )(?:ai|llm|agents|assistants?|bot|copilot)(?: agents?)? ?: ?(?:skip|always|never|use|run|call|ignore|add|do|open|merge|approve|trust)\b",
    ),
    _phrase(
        SPEAKS,
        "claude copilot chatgpt gemini codex cursor",
        r"(?<=@)\w+ (?:please |now |just )?(?:merge|approve|run|add|push|close|delete|install|ignore|deploy|accept|execute|use|fix and|disable)\b",
    ),
    _phrase(SPEAKS, "assistant", r"(?<=@)assistant ,? ?(?:please )?(?:\w+)\b"),
    _phrase(
        SPEAKS,
        "all every each",
        r"\w+ (?:skills?|answers|files|runbooks) (?:must|have to|has to|should) (?:contain|include|mention|begin with|end with|carry|link)\b",
    ),
    _phrase(
        SPEAKS,
        "as part consider",
        r"(?:as )?part of your (?:system prompt|instructions|rules|guidelines)\b|consider (?:this|the following)(?: \w+)? (?:as )?(?:part of )?your\b",
    ),
    _phrase(SPEAKS, "you", r"you (?:have been|are|were) (?:reassigned|repurposed|reprogrammed|reconfigured)\b"),
    _phrase(SPEAKS, "stop", r"stop (?:the|your) current (?:work|task|job)\b"),
    # Who the reader is told to be, and to whom it is told to listen.
    _phrase(
        SPEAKS,
        "note notes notice attention important reminder memo warning urgent instruction instructions message directive policy hint hey hello hi dear ps p psa todo lesson info advice hinweis nota nachricht achtung mensaje aviso avis attention step notiz",
        rf"\w+(?: s)?(?: \w+){{0,2}}?(?: (?:to|for|an|alle|fur|para|los|aux|a|les|all|any|every|the|each|of|whichever|whatever|todos|tous)){{0,4}} {_SURE_AI}\b{_IN}{{0,60}}(?:[:!,]|$| (?:that|who|please|must)\b)",
    ),
    _phrase(
        SPEAKS,
        "note notes notice attention important reminder memo message directive hint hey hello dear ps p lesson todo step steps action instruction instructions",
        rf"\w+(?: s)? ?[:,!]?(?: ?(?:to|for|all|any|every|the|each|you|dear)){{1,4}} (?:agents?|assistants?|copilots?|(?:chat ?)?bots?|language models?|models?|coding assistants?)\b(?! (?:of|in|at|with|from)\b){_IN}{{0,60}}[:!,]",
    ),
    _phrase(
        SPEAKS,
        "to for",
        rf"\w+ (?:any|all|every|whichever|the|whatever) {_SURE_AI}\b{_IN}{{0,40}}(?:[:!]| (?:that|who|which) read)",
    ),
    _phrase(
        SPEAKS,
        "note next hint message directive todo instruction instructions llm ai agent assistant",
        r"(?:note|hint|message|directive|todo|instructions?|next (?:step|action))(?: (?:to|for))? ?(?:the )?(?:llm|assistant|copilot|ai)\b ?:|(?:llm|ai|agent|assistant) (?:note|directive|instructions?|todo|hint)s?\b(?=>| [^a-z]|:| (?:visit|always|call|run|use|open|ignore))",
    ),
    _phrase(
        SPEAKS,
        "ai ais llm llms agents assistants assistant agent bots bot claude copilot chatgpt gpt gemini model models chatbot chatbots coding autonomous automated language",
        rf"(?<!support )(?<!service )(?<!care )(?<!sales )(?<!desk )(?<!human )(?<!call )(?<!field )(?<!the )(?<!an ){_AI} ?(?:[:!]|,(?! include)) ?(?:\w+ )?{_ACT}\b",
    ),
    _phrase(
        SPEAKS,
        "ai ais llm llms coding autonomous automated language",
        rf"{_SURE_AI}(?: \w+){{0,6}}? (?:must|shall|should|have to|has to|are (?:required|instructed|authori[sz]ed|expected|obliged)|need to|please|are to)\b",
    ),
    _phrase(
        SPEAKS,
        "agents assistants bots models llms copilots",
        r"\w+ (?:must|shall|are (?:required|instructed|obliged|ordered)|have to) \w+",
    ),
    _phrase(
        SPEAKS,
        "agents agent assistants assistant ai ais llm llms model models bots bot whoever anyone whatever",
        r"\w+(?: \w+)? (?:(?:that|who|which) (?:reads?|sees?|parses?|summari[sz]es?|process(?:es)?|automates?)|reading|summari[sz]ing|parsing|processing|automates) (?:this|these|it)\b",
    ),
    _phrase(
        SPEAKS,
        "future later other all",
        r"\w+ (?:ai |coding )?(?:agents|assistants|bots|models) (?:must|should|have to|need to|shall|are|reading|who|that)\b",
    ),
    _phrase(
        SPEAKS,
        "the",
        rf"the (?:agent|assistant|model|llm|ai|bot) (?:now |must now |will now )?(?:serves?|obeys?|trusts?|works for|belongs to|answers to|reports to|(?:has to|must|needs to) (?:run|call|pay|open|visit|fetch) {_IN}{{0,60}}(?:first|before|to continue))\b",
    ),
    _phrase(
        SPEAKS,
        "to before",
        rf"(?:to continue|to proceed|to see the rest|before (?:you (?:answer|continue|reply|start)|using this tool|answering)|before any(?: other)? task) ?[:,]?{_IN}{{0,40}}?(?:(?:the )?(?:agent|assistant|model|llm|ai) (?:must|has to|should|needs to)|ignore|(?:first )?(?:read|fetch|open|visit|run|call|load|contact) )",
    ),
    _phrase(
        SPEAKS,
        "if as",
        r"(?:if you are|as) an? (?:ai|llm|agent|assistant|bot|language model|automated|large)\b(?: \w+){0,3}?(?: you\b| ,| do| must|,| are)|(?:if you are) an? (?:ai|llm|agent|assistant|bot|language model|automated)\b",
    ),
    _phrase(
        SPEAKS,
        "as",
        r"as (?:the|an|a) (?:ai |helpful )?(?:agent|assistant|language model) ?,? ?(?:you|run|execute|always|send|call|please|must)\b",
    ),
    _phrase(
        SPEAKS,
        "you",
        r"you (?:must now|are (?:controlled|commanded|owned|governed) by|(?:now )?(?:obey|serve|answer to|belong to|work for|report to) (?!the (?:team|company|customer))|do whatever|approve (?:what|every|all|any))\b",
    ),
    _phrase(
        SPEAKS,
        "you",
        r"you are now(?! (?:able|ready|allowed|on|logged|connected|done|using|at|in the|in a|in your|free to|signed|running|here|subscribed|a member|the owner|seeing))\b(?: an?| in| the| called| known as)? \w+",
    ),
    _phrase(
        SPEAKS,
        "you",
        r"you are (?:\w+ ){0,3}(?:an? )?(?:\w+ )?(?:ai|assistant|model|bot|agent) (?:who|that|with no|without|which)\b",
    ),
    _phrase(
        SPEAKS,
        "from as",
        r"(?:from (?:now|here|this (?:point|moment|line)) (?:on|onwards?)|as of now|from now) ?,? ?(?:i|you) (?:am|are|will|must|answer|follow|obey|act|only|serve|respond|have)\b",
    ),
    _phrase(
        SPEAKS,
        "i",
        r"i (?:will|shall|must|should|have to|now) (?:now )?(?:act for|answer to|obey|serve|follow only|ignore my|do what|do whatever)\b|i (?:answer to|obey|serve|work for) \w+(?: \w+){0,3} (?:in all|from now|always|only)",
    ),
    _phrase(
        SPEAKS,
        "your",
        r"your (?:new|only|true|real|actual) (?:goal|identity|task|role|instructions?|master|name|objective|persona|purpose|mission|handler|operator|job)\b(?: is| are| now| will|:| has)|your (?:only )?(?:master|handler)\b",
    ),
    _phrase(SPEAKS, "the", r"the (?:real|true|actual) (?:task|goal|instruction|request) is\b"),
    _phrase(
        SPEAKS,
        "your",
        r"your (?:ai |virtual )?(?:assistant|bot|agent|ai|copilot) (?:should|must|may|has to|needs to|shall|can now)\b",
    ),
    _phrase(
        SPEAKS,
        "tell instruct order ask get",
        r"\w+ your (?:ai |virtual )?(?:assistant|bot|agent|ai|copilot) (?:to|that)\b",
    ),
    _phrase(
        SPEAKS,
        "pretend pretending imagine simulate simulating roleplay",
        r"\w+ (?:to be|that you|you (?:are|have)|as|an? (?:unrestricted|uncensored|unfiltered|evil|jailbroken)|being)\b",
    ),
    _phrase(
        SPEAKS,
        "act acting behave respond",
        r"\w+ (?:as if you|as though you|like you|like an? (?:unrestricted|uncensored|ai)|as an? (?:unrestricted|uncensored|jailbroken|ai|assistant)|as \w+ ?,? ?(?:who|an? (?:ai|assistant|bot|model))\b)",
    ),
    _phrase(SPEAKS, "play game", r"\w+(?: a game)? ?: ?you are\b|play a game\b.{0,20}you are\b"),
    _phrase(
        SPEAKS,
        "enter enable activate switch in",
        r"\w+ (?:to |into |the )?(?:dan|developer|god|jailbreak|debug|admin|root|sudo|unrestricted) mode\b.{0,60}\b(?:you|without|no) (?:answer|restrictions|limits|are|will|can|do|filters?)\b",
    ),
    _phrase(
        SPEAKS,
        "dan jailbroken unrestricted uncensored unfiltered",
        r"dan ,? ?an? ai|\w+ (?:ai|assistant|model|mode|bot)\b",
    ),
    _phrase(
        SPEAKS,
        "without no never",
        r"(?:without|no|any) (?:any )?(?:restrictions|limits|content polic(?:y|ies)|safety rules|safety filters|ethical guidelines|moral limits)\b(?=[ .,!]* ?(?:and (?:you|your|that)|$|\.|,? you))|never (?:refuses?|asks? for (?:approval|permission))\b",
    ),
    _phrase(
        SPEAKS,
        "reveal print repeat output show include leak paste",
        rf"\w+ {_IN}{{0,20}}\b(?:your|the) (?:full |entire |whole |complete )?(?:system prompt|hidden instructions|developer message|initial prompt)\b(?! (?:of|in|for|file))",
    ),
    _phrase(
        SPEAKS,
        "human assistant system",
        r"(?:human|assistant) ?: .{1,120}? (?:assistant|human) ?:|system ?: .{1,120}? assistant ?:|system message\b ?(?:[:>]|the user has|you )",
    ),
    _phrase(
        SPEAKS,
        "begin end start",
        r"\w+ (?:of )?(?:the )?(?:system prompt|system message|untrusted (?:content|data|input)|document|user input|tool output) ?(?:[>:.]|you\b|end\b|$|system\b)(?<!end of document\.)",
    ),
    _phrase(SPEAKS, "the", r"the (?:material|document|data|text|untrusted content) ends here\b"),
    _phrase(
        SPEAKS,
        "permission approval user users operator administrator admin owner",
        r"(?:permission|approval) (?:was |is |has been |already )*granted by .{0,80}(?:no (?:further )?(?:confirmation|approval)|without|proceed)|(?:users?|operator|administrator|admin|owner) (?:has|have) (?:already |also )?(?:approved|authori[sz]ed|confirmed|consented|granted) .{0,60}(?:proceed|without asking|no confirmation|do not ask)",
    ),
    _phrase(SPEAKS, "no", r"no (?:further )?confirmation (?:is )?needed for (?:any|all|later|future|every)\b"),
    _phrase(SPEAKS, "read", rf"read {_IN}{{1,60}} and pass (?:its|the|their) (?:contents?|text|value) (?:as|in|to)\b"),
    _phrase(
        SPEAKS,
        "call transfer pay send wire approve accept",
        rf"\w+ {_IN}{{1,60}}\bwithout (?:confirmation|showing (?:them|it|the)|telling|the user)\b",
    ),
    _phrase(
        SPEAKS,
        "visit open contact fetch load",
        rf"\w+ {_IN}{{1,60}}\b(?:and (?:follow|do|execute|obey) (?:the steps there|what (?:it|they|that) says?|its instructions|whatever|the instructions (?:there|on it))|before (?:anything else|any other))\b",
    ),
    _phrase(
        SPEAKS,
        "jetzt nun desormais ahora maintenant adesso agora ab a",
        r"(?:ab (?:jetzt|sofort)|jetzt|nun|desormais|a partir de (?:ahora|maintenant|agora)|ahora|maintenant|adesso|agora) ,? ?(?:gilt nur|gehorchst|folgst du|dienst|tu obeis|obeis|tu suis|obedeces|sigues a|sirves|obbedisci|obedece|du bist|eres|tu es)\b",
    ),
    _phrase(
        SPEAKS,
        "hinweis nota note nachricht aviso message",
        r"\w+ (?:an|para|aux|a|per|pour|fur|ai) (?:alle |los |les |las |todos los |tous les |gli |die )?(?:ki |ia )?(?:assistent\w*|asistent\w*|assistant\w*|agent\w*|modell\w*|modelos|modeles)(?: (?:de |d )?(?:ia|ki))? ?[:!,]",
    ),
    # What is to be kept beyond the task.
    _phrase(
        KEEPS_RULE,
        "save saving store stored storing keep remember record recording write add update append note learn memorise memorize memorizing put commit inscribe",
        rf"\w+\b{_IN}{{0,70}}?(?:: .{{0,20}})?\b(?:your (?:long term |permanent |persistent )?(?:memory|memories|skills?|notes for)|(?:to|in|into|from) (?:long term |permanent |persistent )?memory|long term memory|every (?:skill|runbook|note)|your skill md|permanent (?:rule|instruction|order|fact)|standing (?:rule|order|instruction)|(?:all|every|each|any) (?:future|later|subsequent|following|other) (?:sessions?|conversations?|tasks?|runs?|chats?)|for good that|permanently|(?:agents|claude|skill) md {_IN}{{0,30}}(?:every|all) )",
    ),
    _phrase(
        KEEPS_RULE,
        "must has have is make",
        r"\w+ (?:to )?(?:be |it )?(?:stored|saved|kept|recorded|remembered|written|a|as a) ?(?:in(?:to)? (?:your |long term |permanent )*memory|as a (?:permanent|standing)|standing (?:order|rule)|permanent rule)",
    ),
    _phrase(KEEPS_RULE, "memorise memorize", r"\w+ (?:that|this|the following)\b"),
    _phrase(
        KEEPS_RULE,
        "repeat apply follow do",
        rf"\w+ (?:it|this|that|these)\b{_IN}{{0,20}}\b(?:in|for|during) (?:all|every|each|any) (?:future|later|subsequent|following) (?:sessions?|conversations?|tasks?|runs?)\b",
    ),
    _phrase(
        KEEPS_RULE, "in this", r"in (?:this|the) and every (?:later|future|following) (?:task|session|conversation)"
    ),
    _phrase(
        KEEPS_RULE,
        "merke merk speichere recuerda guarda souviens retiens ricorda lembra onthoud",
        r"\w+ (?:dir |te |toi )?(?:dauerhaft|fur immer|permanent\w*|para siempre|siempre|pour toujours|toujours|per sempre|sempre|in deinem|en tu memoria|dans ta memoire)\b",
    ),
    _phrase(KEEPS_RULE, "permanently forever", r"\w+ (?:remember|store|keep|save|note|trust|treat|assume|accept)\b"),
    _phrase(
        KEEPS_RULE,
        "save store add put write commit",
        rf"\w+ {_IN}{{0,30}}\b(?:to|in|into) (?:your|the agents?|the assistants?)(?: s)? (?:knowledge(?: base)?|notes|brain|long term|persistent|mind|context)\b",
    ),
    # What is to be kept from somebody.
    _phrase(
        KEEPS_FROM,
        "do don t never must mustn should shouldn no without not please",
        rf"(?:please )?{_NOT} (?:ever )?(?:tell|inform|telling|informing)\b (?:the |your |any )?{_PERSON}\b",
    ),
    _phrase(
        KEEPS_FROM,
        "do don never must should shouldn no without",
        rf"{_NOT} (?:ever )?(?:mention|reveal|disclose|report|show|notify|alert|bring|say|expose|log|note)(?:ing)?\b (?:to (?:the |your |any )?{_PERSON}|{_IN}{{0,30}}?(?:(?:this|these|it|that)\b{_IN}{{0,30}}\bto (?:the |your |any )?{_PERSON}\b|in your (?:summary|answer|reply|report|response|commit|log|final)|up (?:with|to) (?:the |your )?{_PERSON}\b)|to the {_PERSON} that\b|(?:the |your |any )?{_PERSON} (?:about|of|that) (?:this|these|it|the (?:note|message|comment|change|step)))",
    ),
    _phrase(
        KEEPS_FROM,
        "the your",
        rf"(?:the|your) {_PERSON} (?:must|should|may|shall|need|does|can) ?(?:not|never|n t|nt) (?:learn|know|see|find out|notice|hear|be (?:told|informed|notified|aware))\b(?! (?:passwords?|secrets?|raw|internal))",
    ),
    _phrase(
        KEEPS_FROM,
        "hide hiding conceal concealing",
        rf"\w+ (?:this|that|it|these|the (?:step|call|change|transfer|message|fact|payment|note)|all (?:traces|signs)){_IN}{{0,30}}(?:from (?:the |your |any )?{_PERSON}|step\b|$)|\w+ this step\b",
    ),
    _phrase(KEEPS_FROM, "leave leaving", r"\w+ no (?:trace|traces|log|record|evidence)\b"),
    _phrase(
        KEEPS_FROM,
        "delete deleting erase",
        r"\w+ (?:this|the) (?:message|mail|note|comment|instruction|log) (?:afterwards?|after reading|when done|once (?:you|done))\b",
    ),
    _phrase(
        KEEPS_FROM,
        "without",
        r"without (?:telling|informing|asking|notifying|showing|alerting) (?:it )?(?:to )?(?:the |your |any )?(?:users?|humans?|operators?|anyone|anybody|owner)\b(?! (?:first|twice|again))(?<!asking anyone)",
    ),
    _phrase(
        KEEPS_FROM,
        "sag sage erzahle verrate no ne dis informe nao non niet zeg nie",
        r"(?:(?:sag|sage|erzahle?|verrate?) (?:dem|den|der|es dem)? ?(?:benutzer|nutzer|anwender|user|kunden|menschen) (?:\w+ ){0,2}?(?:nicht|nichts|kein)|(?:no|nao) (?:le |lo |se lo )?(?:digas|diga|cuentes|informes|reveles|menciones|conte)\b(?: \w+){0,2} (?:al|a la|ao|a) (?:usuario|usuaria|humano|cliente)|ne (?:dis|dites|revele|revelez|mentionne) (?:pas|rien|jamais)(?: \w+){0,2} (?:a l|au) ?(?:utilisateur|humain|client)|non (?:dire|dirlo)(?: \w+){0,2} all ?(?:utente))",
    ),
    _phrase(
        SECRETLY,
        "secretly silently quietly covertly stealthily discreetly",
        r"\w+ (?:send|upload|forward|copy|post|e ?mail|exfiltrate|transmit|install|add(?! \d)|run|transfer|delete|replace|change)\b",
    ),
    _phrase(
        SECRETLY,
        "install run send add copy do upload delete transfer execute",
        r"\w+ (?:it|this|that|them) (?:secretly|silently|quietly|covertly|in secret|without (?:a )?trace)\b",
    ),
    _phrase(
        KEEPS_FROM,
        "do don never",
        rf"{_NOT} (?:ever )?(?:report|mention|log|disclose|announce|reveal|record) (?:it|this|that)\b(?= ?(?:$|[.!,;]))(?! twice)",
    ),
    _phrase(KEEPS_FROM, "keep", r"keep (?:this|it|that) (?:between us|secret|quiet|hidden|to yourself)\b"),
    _phrase(
        KEEPS_FROM,
        "the your",
        rf"(?:the|your) {_PERSON} (?:need|needs|must|should|does) not (?:to )?(?:know|see|learn|hear)\b",
    ),
    _phrase(
        KEEPS_FROM,
        "do don never",
        rf"{_NOT} (?:show|tell|forward|mention|reveal) (?:this|these) (?:\w+ )?to (?:your|the) (?:boss|user|manager|owner|human|operator|principal)\b",
    ),
    # Data that leaves.
    _phrase(
        SENDS,
        "send post upload forward exfiltrate mail email submit copy report transmit share bcc cc reply paste put sende schicke envia envie enviar envoie envoyez invia manda leite include",
        r"\w+ (?:[^.;!?]|[.](?! )){0,90}?\b(?:environment|env(?:ironment)? var\w{0,8}|credentials?|secrets?|tokens?|(?:api|ssh|private|access) keys?|passwords?|cookies|env|id rsa|transcripts?|conversations?|(?:customer|personal|patient) (?:data|records?)|card numbers?|cop(?:y|ies) of (?:each|every|all|the)|chat history|last message|system prompt|database dump|passworter|zugangsdaten|contrasenas|claves|mots de passe|senhas|wachtwoorden|(?:customers?|users?)(?: s)? e ?mail)\b(?:[^.;!?]|[.](?! )){0,80}?(?:https?: ?\S|\S+@\S|s3: ?\S)",
    ),
    _phrase(
        SENDS,
        "take paste copy collect read gather",
        r"\w+ (?:[^;!?.]|[.](?! )){0,60}?\b(?:contents? of|api keys?|tokens?|secrets?|credentials?|passwords?|history)\b(?:[^;!?.]|[.](?! )){0,50}?\b(?:submit|send|post|upload|paste|into|to|at)\b(?:[^;!?.]|[.](?! )){0,20}?https?:",
    ),
    _phrase(SENDS, "send post upload copy forward", r"\w+ (?:\w+ ){0,3}customer data(?: \w+){0,2} to https?:"),
    _phrase(
        SENDS,
        "upload forward send copy",
        r"\w+ (?:all|every|each)(?: of)?(?: the)? (?:invoices|orders|records|files|tickets|documents|messages|mails|tables?)(?: \w+){0,4} (?:to|at) (?:https?: ?\S|\S+@\S)",
    ),
    _phrase(
        SENDS,
        "bcc",
        r"bcc \S+@\S{0,60}(?: \w+){0,6} (?:every|each|all|any)\b|bcc .{0,40}(?:every|each|all) (?:mail|message)",
    ),
    _phrase(
        SENDS,
        "mail post send upload copy forward push sync",
        rf"(?:after|before|on|with) (?:every|each)\b.{{0,1}}|\w+ (?:a copy of|everything)\b{_IN}{{0,40}}(?:env\b|\S+@\S|https?:)",
    ),
    _phrase(
        SENDS,
        "append add include insert put",
        r"\w+ (?:an? |the )?(?:link|image|url|picture|pixel)\b.{0,80}https?: ?.{0,60}(?:data|message|conversation|secret|history|q)\b",
    ),
    # Protections that go.
    _phrase(
        UNPROTECTED,
        "disable deactivate remove",
        r"\w+ (?:the |all |any |every )?(?:two factor|2fa|mfa|multi factor|audit log\w*|audit trail|logging of|firewall|antivirus|selinux|apparmor|endpoint protection|certificate (?:check|validation|verification)\w*|tls verification|ssl verification|safety checks?|security checks?|branch protection|code review|the tests|tests in ci|rate limits)\b",
        unless_warned=True,
    ),
    _phrase(
        UNPROTECTED,
        "turn switch",
        r"\w+ off (?:the |all |any )?(?:two factor|2fa|mfa|audit log\w*|logging|firewall|antivirus|selinux|certificate|tls|ssl|safety|security|branch protection|alarms?|alerts?|monitoring)\b",
        unless_warned=True,
    ),
    _phrase(
        UNPROTECTED,
        "merge approve publish deploy",
        r"\w+ (?:it|this(?: pr| change| pull request)?|them|everything)(?: \w+){0,2} without (?:any )?(?:checks?|reviews?|tests?|reading)\b",
        unless_warned=True,
    ),
    _phrase(
        RIGHTS,
        "leave make keep",
        r"\w+ (?:it|them|the (?:bucket|folder|dump|share|file|repository)) (?:public|world readable|open to (?:all|everybody|anyone))\b",
        unless_warned=True,
    ),
    _phrase(
        RIGHTS,
        "may has is are have",
        r"\w+ (?:not be questioned|be trusted (?:without|with everything)|(?:full |unlimited )?(?:administrator|admin|root) rights(?=$| ?[.!])|exempt from (?:all |any )?(?:checks|review|the rules|approval))\b",
    ),
    _phrase(
        RIGHTS,
        "never don not",
        r"\w+ (?:question|doubt|verify|check|refuse) (?:any |the )?(?:requests?|orders|instructions|payments?|messages) (?:from|of|by)\b",
    ),
    _phrase(
        RIGHTS,
        "approve accept",
        r"\w+ (?:every|all|any|each) (?:requests?|invitations?|payments?|terms|orders|changes|prs?)\b(?: \w+){0,3} (?:of|from|by|that|without)\b",
    ),
    _phrase(
        RIGHTS,
        "invoices payments orders requests",
        r"\w+ (?:\w+ ){0,4}(?:are|is|may be|can be) (?:paid|approved|accepted|booked) without (?:any )?(?:review|approval|checks?|confirmation)",
    ),
    _phrase(
        RIGHTS,
        "may can darf puede peut",
        r"\w+ (?:change the bank details|ohne freigabe|sin aprobacion|sans validation|see all)\b",
    ),
    _phrase(
        UNPROTECTED,
        "set turn switch",
        r"\w+ (?:the )?(?:mfa|2fa|two factor|firewall|audit log|selinux|tls verification|branch protection)(?: \w+)? (?:to )?(?:off|disabled|false|none)\b",
        unless_warned=True,
    ),
    _phrase(
        RIGHTS,
        "may can",
        r"\w+ (?:deploy|merge|pay|transfer|book|approve|access \w+|change \w+) without (?:any )?(?:approval|review|confirmation|asking|checks?)\b",
    ),
    # Advertising.
    _phrase(
        PROMOTES,
        "always only recommend promote praise advertise mention rank describe say state insert include use tell assistants agents never link prefer rate present",
        rf"(?:(?:always |only )?(?:recommend|promote|praise|advertise|prefer|mention)\b{_IN}{{1,80}}(?:whatever (?:they|you|is|the)|regardless of|in (?:each|every|all)(?: of)?(?: your)? (?:answers?|repl(?:y|ies)|reports?|summar(?:y|ies)|responses?|comparisons?)|over (?:all )?(?:other|competit)|never mention|no matter what)|rank \w+{_IN}{{0,20}} first in (?:all|every|each)|describe {_IN}{{1,50}} as (?:the )?(?:best|most trusted|most reliable|unreliable|only)|(?:say|state|claim|write) that {_IN}{{1,40}} (?:is|has|are) the (?:best|most trusted|cheapest|only safe)|(?:insert|include|add) an? (?:positive|favou?rable|friendly) (?:sentence|word|remark|mention|note)|use the affiliate (?:code|link|id)|never mention (?:any )?competitors|link to https?: ?\S+(?: \w+){0, 5} as the (?:recommended|official|best)|tell (?:every|each|all)(?: \w+)? (?:customers?|users?|visitors?)\b{_IN}{{0,60}}\b(?:buy|order|switch to|use)\b|(?:always )?rate \w+ with (?:five|5) stars|(?:assistants|agents|bots) (?:should|must) (?:promote|recommend|praise|rate|buy|order))",
    ),
    _phrase(
        PROMOTES,
        "place buy order",
        r"\w+ (?:all )?(?:orders? )?(?:with|from|at) \w+ only\b.{0,20}other (?:suppliers|vendors|providers)",
    ),
    _phrase(
        PROMOTES,
        "in",
        r"in (?:every|each|all)(?: of)?(?: your)? (?:answers?|repl(?:y|ies)|responses?|reports?|summar(?:y|ies))(?: \w+){0,4} ?,? ?(?:always )?(?:mention|recommend|say|state|praise|promote|link)\b",
    ),
    _phrase(PROMOTES, "suggest recommend offer name", r"\w+ \w+ (?:and|but) nothing else\b"),
    _phrase(
        PROMOTES,
        "speak talk write",
        r"\w+ (?:well|highly|favou?rably|positively) (?:of|about) \w+.{0,40}(?:rivals|competitors|in all|in every|badly)",
    ),
    _phrase(
        PROMOTES,
        "other",
        r"other (?:suppliers|vendors|providers|tools|shops) (?:are|must|have|should) (?:to )?be (?:described|called|presented|rated)\b",
    ),
    _phrase(
        DECODES,
        "decode decipher decrypt read translate unscramble rot13",
        rf"\w+ {_IN}{{0,50}}\b(?:and|then) (?:do|run|follow|execute|obey|act on|carry out|perform) (?:it|them|that|this|the (?:program|result|instructions?|commands?|text|content))\b",
    ),
)

BY_WORD: Final[dict[str, tuple[Phrase, ...]]] = {
    word: tuple(phrase for phrase in PHRASES if word in phrase.words) for word in {w for p in PHRASES for w in p.words}
}
WORD: Final = re.compile(r"\w+")

# Scripts without spaces between words are looked at as they are.
UNSPACED: Final = (
    (
        IGNORES,
        re.compile(
            r"(?:忽略|无视|無視|忘记|忘掉|不要理会|不再遵守|停止遵守)[^。！？\n]{0,14}?(?:之前|以前|先前|上面|以上|前面|所有|一切|你的|原来|系统)[^。！？\n]{0,8}?(?:指令|指示|提示|规则|规定|命令|说明|要求)"
        ),
    ),
    (
        IGNORES,
        re.compile(
            r"(?:これまで|以前|上記|前|すべて|全て)[^。！？\n]{0,10}?(?:指示|命令|ルール|プロンプト)[^。！？\n]{0,8}?(?:無視|忘れ)"
        ),
    ),
    (
        IGNORES,
        re.compile(r"(?:이전|앞선|위의|모든|기존)[^.!?\n]{0,10}?(?:지시|명령|규칙|프롬프트)[^.!?\n]{0,8}?(?:무시|잊)"),
    ),
    (
        SPEAKS,
        re.compile(
            r"(?:致|给|各位|所有|請)[^。！？\n]{0,6}?(?:AI|ai|人工智能|人工智慧)[^。！？\n]{0,3}?(?:助手|代理|模型|助理)[^。\n]{0,4}?[:：,，]|(?:现在|從現在|从现在)(?:起|开始)?[^。\n]{0,4}?(?:听从|服从|聽從)|AI(?:アシスタント|エージェント)(?:へ|の皆)|あなたは(?:今|これ)から"
        ),
    ),
    (
        KEEPS_FROM,
        re.compile(
            r"(?:不要|别|請勿|请勿|不得)[^。！？\n]{0,3}?(?:告诉|告訴|告知|透露|通知)[^。！？\n]{0,4}?(?:用户|使用者|用戶|任何人|人类)|ユーザー(?:に|には)[^。\n]{0,10}?(?:言わない|伝えない|知らせない)|사용자에게[^.\n]{0,12}?(?:말하지|알리지)"
        ),
    ),
    (
        SENDS,
        re.compile(
            r"(?:密码|密碼|密钥|令牌|凭证|凭据|パスワード|비밀번호)[^。\n]{0,12}?(?:发送|发到|上传|傳送|送信|보내)[^。\n]{0,8}?(?:https?:|@)|(?:发送|上传)[^。\n]{0,8}?(?:密码|密钥|令牌|凭证)[^。\n]{0,8}?(?:https?:|@)"
        ),
    ),
)
