"""How agents end a turn: they ask, invite, report, refuse or leave something to do."""

import re

from seasoned.rules.words import word

INVITES = re.compile(
    r"(?:anything else|what(?:'s| is) (?:next|the (?:next|second|other|third)\b[^?]{0,30})|what else"
    r"|what can i do|how (?:can|may) i (?:help|assist)|next\?|(?:is there )?anything (?:more|further|you)"
    r"|can i help|something else|what would you like (?:me )?to (?:do|work on|tackle) (?:next|now|today"
    r"|first)|ready for the next|need anything|other (?:requests?|questions?|tasks?)|where (?:shall"
    r"|should) we (?:start|begin)|what(?:'s| is) (?:up|on)|what do you need)"
)
CLOSER = re.compile(
    r"(?:you(?:'re| are) (?:very |most )?welcome|glad (?:to|it|that|i)|happy to (?:help|hear|assist)"
    r"|good(?: luck|bye| to hear|night)?[.!]*$|my pleasure|no problem|any ?time|(?:if|should) you (?:need"
    r"|have|would like|want|ever|run into|require|change)|feel free|let me know if (?:you|there|anything)"
    r"|have a (?:great|good|nice|lovely|safe|wonderful)|take care|see you|enjoy|safe travels"
    r"|don't hesitate|just (?:let me know|ask|say|shout)|i'm here|cheers|bye|please let me know if)"
)
ASKS = re.compile(
    r"(?:please (?:confirm|provide|specify|tell me|choose|select|clarify|share|let me know (?:which|how"
    r"|what|whether|if you(?:'d| would) like to (?:proceed|go|continue))|reply|advise|indicate|check and)"
    r"|(?:let me know|tell me|say) (?:which|how|what|whether|when|if you(?:'d| would)? (?:like|want"
    r"|prefer)[^.]{0,20}(?:proceed|go|continue|me to)|if i (?:should|may|can))"
    r"|could you (?:please )?(?:provide|confirm|tell|share|clarify|specify|send|check|double)|i(?:'ll"
    r"| will)? (?:still )?need (?:your|you|to know|the following|more|a bit more|one|some)"
    r"|(?:i'm|i am|am|still|now) waiting for (?:your|you)\b|waiting for your (?:answer|reply|decision|ok"
    r"|okay|word|go-ahead|confirmation|input|approval)|wait for your|your call|your (?:decision|approval"
    r"|go-ahead|word|ok|okay)\b|say the word"
    r"|up to you|i need (?:your|you|to know))"
)
CANNOT = re.compile(
    r"\b(?:i|we|this|it|that|they|which|\w+)\b[^.?!]{0,60}\b(?:can(?:'t|not| not)(?! (?:wait|stress|thank"
    r"|be sure))|could(?:n't| not)|(?:am|is|are|was|were|'m|'re) (?:un|not )able to|unable to"
    r"|isn't possible|is not possible|not possible|impossible|not allowed|not permitted|not eligible"
    r"|not supported|not available|refuses?|has no way|have no way|no way to|failed to|did not (?:succeed"
    r"|work)|didn't (?:succeed|work)|won't work|gave up|not worth it|blocked|does not allow"
    r"|doesn't allow)\b"
    r"|^(?:unfortunately|sorry|regrettably|i'm afraid|no luck|no[:,.]|not worth|not possible|impossible"
    r"|blocked|failed)"
)
DONE = word(
    r"done",
    r"fixed",
    r"created",
    r"added",
    r"updated",
    r"committed",
    r"deployed",
    r"sent",
    r"refunded",
    r"ready",
    r"complete[d]?",
    r"finished",
    r"resolved",
    r"merged",
    r"written",
    r"wrote",
    r"removed",
    r"renamed",
    r"moved",
    r"changed",
    r"booked",
    r"cancell?ed",
    r"scheduled",
    r"uploaded",
    r"published",
    r"installed",
    r"restarted",
    r"rolled (?:back|out)",
    r"applied",
    r"saved",
    r"built",
    r"works?",
    r"working",
    r"pass(?:es|ed|ing)?",
    r"green",
    r"success(?:ful(?:ly)?)?",
    r"confirmed",
    r"verified",
    r"is (?:now )?(?:live|up|back|on its way|in place|running|stable|healthy|clean)",
    r"are (?:now )?(?:live|up|back|in place|running)",
    r"here(?:'s| is| are)",
    r"draft",
    r"label made",
    r"made",
    r"upgraded",
    r"replaced",
    r"restored",
    r"rotated",
    r"migrated",
    r"generated",
    r"exported",
    r"imported",
    r"converted",
    r"corrected",
    r"repaired",
    r"closed",
    r"filed",
    r"opened",
    r"submitted",
    r"processed",
    r"reproduced and fixed",
    r"settled",
    r"sorted",
    r"all set",
    r"backfilled",
    r"reverted",
    r"stored",
    r"found",
    r"released",
    r"now",
    r"is on",
)
UNFINISHED = re.compile(
    r"\b(?:to go\b|still (?:to (?:do|come)|running|missing|open|pending|in progress|waiting|outstanding"
    r"|not|needs?|left|working|fails?|failing|have to|has to)|are to come|is to come|to be done"
    r"|not (?:yet )?(?:done|finished|committed yet|started|complete)|(?:are|is) (?:still )?missing\b"
    r"|missing (?:are|is)\b|remaining\b(?! (?:\w+ ){1,3}(?:are|is|were|was|have|has|got)\b)|left to do|in progress"
    r"|(?:to|will|still) follow\b|(?:chapters?|files?|pages?|parts?|packs?|batch(?:es)?|rest|others?|\d+)"
    r" follows?[.!]*$"
    r"|the next (?:\w+ )?(?:starts|begins|is|comes|will|goes)|next (?:is|up|comes|i(?:'ll| will))|halfway|half way"
    r"|half done|partly|so far"
    r"|the rest (?:is|are|will|follows|comes|tomorrow)|continuing|i(?:'ll| will) (?:now|then|next|continue"
    r"|start|try|check|look|search|proceed|keep|go on|run|do|make|add|write|fix|begin"
    r"|carry)\b(?![^.]{0,60}\b(?:if|once|when|as soon)\b)|(?:now|next) (?:i'm|i am|checking|running"
    r"|looking|trying|writing|for the)|let me (?:check|look|see|try|run|search|find|retrieve|pull|start"
    r"|now|also|first|get|fetch)|(?:hold on|one moment|please hold|stand by|bear with)|trying\b[^.]{0,40}$"
    r"|paused|stopped (?:here|there|halfway)|running (?:it )?now\b|underway|under way|wip|doing (?:that|it"
    r"|so) now|state:)"
)

# The agent sets to work, and says no more than that.
BEGINS = re.compile(
    r"(?:(?:ok(?:ay)?|right|understood|sure|yes|good|fine|alright|very well|will do|of course|certainly)[,.!]* )*"
    r"(?:(?:going|carrying|pressing) on|continuing|resuming|proceeding|starting|working (?:on|through)|picking (?:up"
    r"|it up)"
    r"|moving on|getting (?:on|going|started|to it)|processing|on it\b|will do\b|back (?:to work|at it)|on to the next"
    r"|running (?:the|it|them|pack|batch|another|all)\b|i(?:'ll| will| shall) (?:report|be back|tell you|let you"
    r" know (?:when"
    r"|once|at|how|where)|keep (?:going|you posted|at it)|go on|carry on))"
)
# Something was done, said with any participle.
REPORTS = re.compile(
    r"\b(?:is|are|was|were|(?:has|have) been|i|i've|i have|we) (?:now |all |also |already |just )*"
    r"(?!(?:need|requir|miss|fail|refus|reject|block|stuck|limit|suppos|deni|affect|interest|concern|confus)\w*)"
    r"\w{3,}(?:ed|en|elt|ent|ilt|ought|own)\b"
)
_UNITS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
)
_TENS = "ten twenty thirty forty fifty sixty seventy eighty ninety hundred"
_NUMBERS = {name: number for number, name in enumerate(_UNITS.split(), 1)} | {
    name: 10 * number for number, name in enumerate(_TENS.split(), 1)
}
_COUNT = rf"(\d{{1,3}}(?:,\d{{3}}){{1,2}}|\d{{1,7}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})"
_GOT_DONE = (
    r"(?:done|through|in|finished|ready|complete[d]?|up|over|across|loaded|read|converted|translated|migrated|moved"
    r"|written"
    r"|checked|uploaded|imported|processed|proofread|cleaned|labell?ed|tagged|renamed|sent|fixed|updated|changed"
    r"|entered|added"
    r"|ported|scanned|indexed|transcribed|reviewed|drafted|built|covered|merged|there|so far|now|live|green)"
)
_HAVE = r"(?:(?:is|are|has|have|was|were)(?: now| already| all)?(?: been)? )"
_OF = re.compile(
    rf"(?<![\w.,/])(?:(done|finished|through|at|did|far|now|have|processed|in:?) )?{_COUNT}(?: of| out of| ?/)"
    rf" ?(?:the |all |my |your )?"
    rf"{_COUNT}(?![\w/]|[.,]\d)(?: (?!(?:had|with|failed|broken?|has|have|missing|wrong|late|overdue|affected|empty"
    rf"|open|off|that|which|who)\b)[a-z-]+){{0,2}}?"
    rf"(?: {_HAVE}?{_GOT_DONE}\b|( ?[.,:;!]| ?$))"
)
_SHARE = re.compile(
    r"\b(?:half|(?:a|one|the first) (?:third|quarter|half)|two[- ]thirds|three[- ]quarters|\d{1,2} ?(?:%|per ?cent))"
    rf"(?: of (?:it|them|the \w+))? {_HAVE}{_GOT_DONE}\b|\b(?:got|am|i'm|we're|are) (?:through )?(?:about |roughly "
    rf"|almost )?(?:half|a third|a quarter"
    r"|two[- ]thirds|part)(?: of (?:the|my) way| way)? (?:through|done|of (?:it|them|the))"
)


def partial(text: str) -> bool:
    """Whether a piece of a report counts only a part as done: "20 of 60 are in", "half of them are converted"."""
    for found in _OF.finditer(text):
        before, first, second, bare = found.groups()
        if bare is not None and not before and found.start() > 0 and found.start(2) > _LEAD_CHARS:
            continue
        if 0 < _number(first) < _number(second):
            return True
    return _SHARE.search(text) is not None


_LEAD_CHARS = 60  # a bare "20 of 60" further into a sentence may count anything


def _number(text: str) -> int:
    return _NUMBERS[text] if text in _NUMBERS else int(text.replace(",", ""))
