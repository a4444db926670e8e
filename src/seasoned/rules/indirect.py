"""Requests in other clothes: wishes, suggestions, hints of a need, questions whether something might be done."""

import re

from seasoned.rules.requests import VERBS
from seasoned.rules.words import word

_MODAL = r"(?:can|could|would|will|might|may|cd|cld|wd|wld)"
_DOER = r"(?:you|u|ye|one|someone|somebody|anyone|anybody|we)"
_THING = (
    r"(?:the|that|this|these|those|it|his|her|its|their|our|my|your|a|an|mr|mrs|ms|dr|\w+'s)"  # what is to be changed
)
_CHANGED = r"(?:be|have|get|go|come|appear|show|say|read|stand|move|become|look|start|end|open|carry|include|run)"
ASKS = word(
    rf"{_MODAL} {_DOER} (?:please |perhaps |possibly |kindly |maybe |also |at all |be persuaded to )*\w+",
    rf"(?:could|might|may|can) {_THING}(?: [\w'-]+){{0,5}} {_CHANGED}\b",
    r"(?:i|we|one)(?:'m| am| was|'re| are| were)? (?:just |only |also |merely |still )?wonder(?:s|ing|ed)?"
    r" (?:if|whether|why|how|what|when|where|who|which)",
    r"(?:it|that|this|'twould)(?: would| might| could|'d| wd)?(?: \w+)? be\s+(?:\w+\s+){0,4}?(?:if|to have|to get|to"
    r" see|having"
    r"|were you)",
    r"(?:i|we|one)(?:'d| would| should| shall)? (?:\w+ ){0,4}(?:obliged|grateful|glad|thankful|delighted|appreciative)"
    r" (?:if|to have|to know|to get|to receive|to see|for (?:a|an|the|any|some|your|another))",
    r"(?:i|we|one)(?:'d| would| should) (?:\w+ )?(?:appreciate|value|welcome|like|love|prefer|want|wish)(?: it if| to"
    r"| an?| the| some)",
    rf"(?:perhaps|maybe|possibly) {_DOER} (?:could|might|can|should|would|may)",
    r"you (?:might|may|could)(?: perhaps| also| well| like to| care to| want to| wish to)* (?:look|check|see|add|write"
    r"|ask|send|try|find|put|tell|give|call|make|have a (?:look|go|word|try|quick))",
    r"(?:do|d'|does|did) (?:you|ye|u|anyone) (?:think|reckon|suppose) (?:you|u|we|someone|it) (?:could|can|might"
    r"|would)",
    r"(?:is|was|would|might) (?:it|there) (?:also |perhaps |maybe )?(?:be )?(?:possible|any (?:way|chance|means|hope"
    r"|possibility)|feasible|too much (?:to ask|trouble|bother))",
    r"(?:any|some) (?:chance|hope|possibility|way) (?:of|that|you|we|to|for)",
    r"if (?:it|that|this) (?:is|isn't|'s|were|weren't|was|would|wouldn't) (?:be )?(?:not |no )?(?:too |so )?(?:much "
    r"|an? |any"
    r" )?(?:trouble|bother|imposition|inconvenience|convenient|hassle|much to ask)",
    r"if (?:you|u) (?:would(?:n't mind)?|could|might|can|will|don't mind|please|have a (?:minute|moment))",
    r"(?:i|we|they|he|she|you) (?:could|can) (?:really |also |still )?(?:do with|use) (?:a|an|some|another|your|the"
    r"|new|more"
    r"|\d+)",
    r"(?:someone|somebody|you|we|one) (?:really |probably )?(?:ought to|had better|should probably|needs? to|better)"
    r" (?!(?:think|say|admit|go|run|leave|ask|be going|know)\b)\w+",
    r"(?:that|it|this|which|these|they|\w+) (?:really )?(?:ought to|should|must|needs to|has to|have to|need to) be"
    r" (?:put|made|done|taken|set|brought|\w+(?:ed|en|wn|lt|nt))",
    r"(?:wants|needs|requires|could do with|want|need) (?!nothing\b|something\b|anything\b|everything\b)\w+ing",
    r"be (?:a|an) (?:dear|angel|love|star|darling|pal|sport|lamb|hero|mate)",
    r"do (?:me|us) (?:a|the|one) (?:\w+ )?(?:favou?r|kindness|solid)",
    r"would there be any (?:objection|harm|problem|chance)",
    r"(?:might|would|could|may)(?: also)? be (?:worth|worthwhile|an idea|wise|prudent|time) (?:\w+ing|to)",
    r"would be (?:great|nice|handy|welcome|(?:much |greatly )?appreciated|lovely|ideal|good|helpful|useful|super"
    r"|perfect|cool)"
    r"(?= *(?:$|[.,!;?]))",
    r"(?:i|we)(?:'ll| will|'re going to| are going to|'m going to| am going to| shall) (?:also )?(?:need|want|require)",
    r"do the needful",
    r"(?:request|beg|ask|urge|entreat|implore) (?:you|u) to",
    r"(?:i|we) (?:hereby |kindly |also )*request\w* (?:a|an|the|that|your)",
    r"wanna (?:have|see|get|know)",
    r"(?:gimme|lemme (?:have|see|get))",
    r"prevail upon (?:you|one)",
    r"remind me",
    r"(?:there(?:'s| is| remains)|that leaves) (?:also |still )?(?:the|a|one|just the) (?:\w+ )?(?:matter|question"
    r"|business"
    r"|issue|problem) of",
    r"(?:i|we) (?:was|were|am|are|'m|'re)? ?(?:rather |very much |still )?(?:hop(?:ing|ed)|hope) (?:you|that you|to"
    r" (?:have|get|see))(?: (?:might|could|can|would|will))? (?!(?:have|are|had|is|enjoy|all|like|well|feel)\b)\w+",
    r"(?:have|do|had|got) (?:you|u|we|anyone)(?: \w+)? (?:any|an|the faintest|the slightest) (?:notion|idea|clue"
    r"|inkling)",
)
# "Do send it along": a plain imperative made warmer.
URGES = re.compile(
    r"(?:do|pray|kindly|prithee) (?:please |kindly |also )?"
    rf"(?:be|have|let|feel|{'|'.join(sorted(map(re.escape, VERBS), key=len, reverse=True))})(?![\w'-])"
)
# "Seat map for the gala, please": a thing is named and asked for.
NAMED_PLEASE = re.compile(
    r"(?!(?:yes|no|yep|yeah|ok|sure|go|both|the (?:first|second|third))\b)(?:\S+ ){2,}\S+,? (?:please|pls|plz)$"
)
# "How lovely", "how are things": no questions.
EXCLAIMS = re.compile(
    r"(?:and )?(?:how (?:\w+|(?:are|is|'s|is everything|are things) (?:you|things|we|life|everything|the family"
    r"|tricks))"
    r"|what an? (?:\w+ )?(?:day|week|night|morning|shame|pity|mess|relief|joy|treat|surprise))(?: (?:today|there|going"
    r"|with you|keeping))*[!. ]*$"
)
# A second matter, announced.
ANNOUNCES = re.compile(
    r"(?:(?:and|but|then|now|oh|also),? )*(?:(?:there(?:'s| is| are| remains)|i have|we have|i've)(?: also| still|"
    r" just| but)* (?:one|a|two"
    r"|another|some) (?:further|other|more|small(?:er)?|little|last|quick|separate) (?:\w+ )?(?:matters?|things?"
    r"|points?|requests?"
    r"|questions?|items?|favou?rs?|wish(?:es)?|subjects?|topics?)|(?:a|one) (?:further|second|separate) (?:matter"
    r"|request|question"
    r"|favou?r|wish|point)|while (?:i think of it|it occurs to me|i remember)|(?:that|this) (?:being )?(?:said|settled"
    r"|done|out of the way),|with that (?:settled|done|out of the way))"
)
