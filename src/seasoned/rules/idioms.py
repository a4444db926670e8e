"""Idioms in which people accept, give up or find fault without one of the plain words of `verdicts`."""

import re

from seasoned.rules.words import word

# Praise that denies a fault. Its negation and its words of trouble belong to it: it is masked before faults are sought.
FAULTLESS = word(
    r"(?:could(?:n't| not)|can(?:'t|not| not)) (?:be (?:any )?(?:happier|better|more \w+)|complain"
    r"|fault (?:it|that|this|them|the \w+)|find (?:any ?(?:thing|faults?|mistakes?|errors?|problems?|issues?)"
    r"|a (?:single )?(?:mistake|fault|error|flaw|thing))(?: (?:wrong|amiss|to (?:change|fault|complain)))?"
    r"(?: (?:with|in|about) \w+)?|have (?:\w+ ){0,3}(?:better|more|nicer)(?: (?:myself|ourselves|if \w+ tried))?"
    r"|(?:thank|praise) you enough|ask for (?:more|better)|say fairer)",
    r"(?:nothing|not a thing|naught|nowt) (?:left |more |further |else )?(?:to (?:add|change|complain|criticise"
    r"|criticize|fault|correct|object|moan|worry)|wrong|amiss)(?: (?:about|with|to|from|on))?(?: \w+){0,2}",
    r"no (?:further |more |other )?(?:objections?|hiccups?|notes|hitch(?:es)?|snags?|quibbles?|qualms|drama"
    r"|glitch(?:es)?|faults? found|changes? (?:needed|necessary|required)|changes|remarks|fuss)",
    r"no (?:complaints?|problems?|issues?|trouble|errors?) (?:whatsoever|at all|so far|there|from|here|with|to)",
    r"(?:see|find|have|saw|found) no (?:reason|need|cause) (?:to|for|why)(?: \w+){0,3}",
    r"without (?:a |any |so much as a )?(?:hitch|trouble|problems?|issues?|errors?|complaints?|snags?|glitch"
    r"|fuss|murmur|hiccup)",
    r"not (?:at all |half |too )?(?:bad|shabby)(?: at all)?",
    r"(?:went|going|gone) down (?:very |really |so )?(?:well|a treat|a storm|nicely|smoothly)",
    r"(?:hung|hang|hanging) (?:it|them|that|one|the \w+) (?:up|on)",
    r"(?:don't|do not|wouldn't|would not|won't) (?:want to |need to |have to )?(?:change|alter|touch) (?:a thing"
    r"|anything|a word|a comma)",
    r"never (?:looked|been|worked|was|ran|seen) (?:so |a )?(?:better|good|well|smooth\w*|nicer|happier)",
    r"mind(?: is)? at rest",
    r"peace and quiet",
)
# Somebody's delight, whoever feels it; "I'd be delighted if" is none.
DELIGHT = word(
    r"(?:tickled (?:pink|to death)|over the moon|thrilled(?: to bits)?|chuffed(?: to bits)?|cock-a-hoop|overjoyed"
    r"|ecstatic|enchanted|charmed|stoked|buzzing|beaming|in raptures|on cloud nine|jumping for joy|made up"
    r"|like a dog with two tails|(?:most|very|much|so|quite|really|all|well|hugely|rightly|seriously|consider me"
    r"|duly) (?:relieved|impressed|pleased|delighted|happy|chuffed)|raving about|raves about|delighted|blown away"
    r"|(?:was|were|is|are|am|i'm|he's|she's|they're) (?:impressed|relieved|pleased|grateful|touched))"
    r"(?! (?:if|to (?:have|see|get|know|hear|receive) (?:it|a|an|the)|when)\b)",
    r"happy as (?:a |an )?\w+",
    r"(?:loves?|loved|adores?|adored|bought|took to|likes|liked) (?:it|them|the \w+)(?! to\b)",
    r"(?:thumbs[- ]up|the nod|the green light|the all[- ]clear|seal of approval)",
    r"(?:nodded|waved|passed|voted) (?:it|them|that|this|the \w+) through",
    r"sign(?:ed|s) (?:it|them|that|this) off",
    r"(?:had|raised|made|voiced|has|have) no objections?",
    r"sings? (?:its|your|our) praises",
)
# Approval in other coin: slang, other tongues, old-fashioned.
APPROVES = word(
    r"(?:wunderbar|prima|sauber|klasse|toll|spitze|genial|bellissimo|molto bene|g[ée]nial|magnifique|chapeau"
    r"|(?:top|super)[- ]?(?:dup(?:er|i)|notch)|noice|goated|belter|cracking|banging|wicked|dope|stonking|ripper"
    r"|beaut|bonzer|champion|first[- ]rate|first[- ]class|tiptop|jackpot|bullseye|hallelujah|eureka|voil[àa]|ta-?da"
    r"|w00t|pukka|crackerjack|stupendous|sublime|immaculate|impeccable|masterly|masterful|exemplary)",
    r"(?:you|u) (?:rock|rule|nailed it|beauty|did great|have outdone yourself)",
    r"(?:have|got) (?:ourselves )?a (?:winner|keeper)",
    r"(?:it|that|this)(?:'s| is) a (?:keeper|winner|beauty|cracker|belter|dream|joy|hit|wrap|peach)",
    r"(?:ticks|ticked) (?:all|every) (?:the |my |our )?box(?:es)?",
    r"(?:hits|hit) the (?:spot|mark|nail on the head)",
    r"right as rain",
    r"ready to (?:roll|go|ship|rock)",
    r"back in business",
    r"up and running",
    r"(?:we're|we are|it's|i'm|i am|they're|all|everything(?:'s| is)?) (?:back )?(?:up|online|in business)(?: again)?",
    r"(?:doing|does|do|did|served|serves) (?:exactly |just |precisely )?(?:what it (?:should|says|ought)|as it"
    r" (?:should"
    r"|ought)|its job|the purpose|as (?:told|asked|promised|advertised|intended))(?: \w+){0,4}",
    r"as it (?:ought|should|must)(?: to)?(?: be)?(?= *(?:$|[.,!;]))",
    r"(?:exactly|precisely|just) (?:what|as|how) (?:i|we|he|she|they|the \w+|my \w+) (?:had |have )?(?:hoped"
    r"|wanted|needed|asked|wished|imagined|pictured|meant)(?: for)?",
    r"(?:it'?ll|it will|that'?ll|this'?ll|these will|they'?ll) do(?: (?:nicely|fine|just fine|well|very well|for"
    r" (?:now|me"
    r"|us)))?(?= *(?:$|[.,!;]))",
    r"(?:is|are|'s) (?:more than |quite |plenty |perfectly )?(?:sufficient|plenty|identical|in order|in perfect order)",
    r"(?:i|we)(?:'m| am|'re| are) (?:all set|sorted|done here|in your debt)",
    r"(?:in|forever in) your debt",
    r"(?:i|we)(?:'ll| will| shall|'d)? (?:take|can take) it from here",
    r"(?:please |you (?:can|may) (?:now )?)(?:close|archive|tick off) (?:it|this|that|the (?:ticket|task|case|issue))",
    r"(?:tried|tested|ran|run|opened|checked|used) (?:it|them|that|this|one|both|all) (?:\w+ ){0,3}(?:locally|here"
    r"|myself"
    r"|at home|on \w+ \w+)?,? ?(?:and (?:it )?)?(?:works?|worked|runs|ran|fine|ok(?:ay)?|passed|good|loads)",
    r"(?:runs|ran|running) (?:fine|ok(?:ay)?|smoothly|through|like (?:clockwork|a dream|butter|new))",
    r"(?:numbers|figures|totals|sums|it|they|all|everything) (?:match(?:es)?|tall(?:y|ies)|agrees?|adds? up)",
    r"at (?:long )?last(?= *(?:$|[.,!;]))",
    r"final version",
    r"sold(?= *(?:$|[.,!;]))",
    r"we(?:'re| are) done here",
)
GIVES_UP = word(
    r"draw (?:a|the) (?:veil|line|curtain)s? (?:over|under|across)",
    r"(?:let|leave) (?:it|the matter|that|this|matters|things|sleeping dogs|the \w+) (?:rest|lie|be|drop|slide"
    r"|well alone)",
    r"bury (?:it|that|the matter)",
    r"leave (?:it|the matter|that|things|matters) (?:there|here|at that)(?! for\b)",
    r"so much for (?:that|it|this|the)(?: \w+)?",
    r"(?:suppose|guess|afraid|fear|then|well|so)[, ]+that(?:'s| is) that(?= *(?:$|[.,!;]))",
    r"trouble you (?:no (?:further|more|longer)|further no)",
    r"scratch (?:that|it)",
    r"(?:i|we|they|he|she|it|client|customer)(?:'s| is|'re| are)? (?:no longer|don't|do not|doesn't|does not) "
    r"(?:really |actually )?(?:need|want|require) (?:it|that|them|this|one|those|the \w+)(?: (?:any ?more|any longer"
    r"|after all|now))?(?= *(?:$|[.,!;]| and ))",
    r"(?:not|no longer|isn't|aren't) (?:needed|required|wanted|relevant)(?: (?:any ?more|any longer|after all|now))?",
    r"call(?:ed|s|ing)? (?:it|the whole thing|everything|that|this) (?:all )?off",
    r"(?:i'm|i am|we're|we are) calling it(?= *(?:$|[.,!;]))",
    r"thr(?:ow|ew|own|owing) in the towel",
    r"lost cause",
    r"hopeless",
    r"(?:no|little) use(?= *(?:$|[.,!;]))",
    r"(?:flog|flogging|beat|beating) a dead horse",
    r"(?:do|did|doing) (?:it|that|this|them) (?:the|my) (?:old|hard|other|long|usual|old-fashioned)(?: \w+)?",
    r"(?:i|we)(?:'ll| will| shall|'m going to|'d rather)? (?:just |simply |then |have to |must )*\w+ (?:it|them|that"
    r"|those"
    r"|everything|the \w+) (?:by hand|manually|from scratch|on paper|the old way)",
    r"on second thoughts?[, ]+(?:don't|no|not|leave|forget|never)",
    r"(?:changed|change) (?:my|our|his|her|their) minds?",
    r"(?:i|we)(?:'d| would) rather not",
    r"(?:have to|must|shall|will|'ll|can) (?:learn to )?live with (?:it|that|this|the \w+)",
    r"(?:do|manage|cope) (?:it |that )?without (?:you|it|them|him|her)",
    r"cancel (?:the (?:whole|entire) (?:thing|lot|business|idea|plan|exercise|affair|show)|the lot|everything|all of"
    r" it|it all)",
    r"leave (?:it |everything |things |all )?as (?:it |they )?(?:was|were|is|are)",
    r"(?:gave|given|giving|give) (?:it|the job|that|this) to (?:someone|somebody) else",
    r"(?:i|we)(?:'ll| will| shall)? (?:just )?(?:stay|stick|stuck) (?:with|to) (?:the old|what (?:i|we)|the current"
    r"|the previous|the existing|how)(?: \w+)*",
    r"stop (?:this|that|it),? (?:i|we)",
    r"wash (?:my|our) hands of (?:it|this|that)",
    r"(?:not|never) meant to be",
    r"(?:back|return) to (?:square one|pen and paper|the drawing board)",
    r"call it quits",
    r"admit defeat",
    r"let(?:'s| us) (?:just )?(?:say|agree) (?:it|that) (?:can't|won't|cannot)",
    r"(?:consign|condemn) (?:it|that|this) to",
)
# With a thing named, only that thing is given up: "never mind the footnote, the rest is spot on".
PARTLY = re.compile(
    r"\b(?:never ?mind|nvm|forget(?: about)?|skip|drop|leave(?: out)?|scrap|cancel|no need (?:for|of)|don't bother"
    r" with)"
    r" (?:about )?(?:the|my|your|a|an|that|those|these) (?!(?:whole|entire|lot|idea|matter|subject|topic|thing"
    r"|request|attempt|effort|project|plan|task|case|all|rest of it)\b)\w+"
)
COMPLAINS = word(
    r"(?:that|this|it|these|those|which) (?:will not|won't|does not|doesn't|just won't) do(?= *(?:$|[.,!;]))",
    r"(?:it|they|that|this|which|one|ones|link|file|page|pages|document|pdf|half|both|none|some|most|nobody"
    r"|no ?one|first|second|third|last|other)(?: (?:of (?:it|them)|still|here|there))* (?:won't|wouldn't|can't|cannot"
    r"|couldn't|will not|can not|doesn't|don't|didn't) (?:open|load|start|play|run|print|save|connect|show|display"
    r"|render|install|boot|scan|fit|respond|finish|compile|read|be (?:opened|read|loaded|printed))",
    r"nobody (?:\w+ )?can (?:open|read|load|see|use|find|print)",
    r"keeps? (?:showing|saying|giving|asking|crashing|failing|freezing|jumping|flickering|hanging|throwing"
    r"|complaining|coming|telling|sending)",
    r"still (?:insists|shows?|says?|reads?|displays?|lists?|has|have|gets?|the (?:old|same|wrong)|last"
    r"|yesterday|there|in (?:english|the old)|empty|blank)",
    r"(?:not|isn't|wasn't|aren't|weren't|hardly|less than|anything but|far from|none too|not at all) (?:so |very |too "
    r"|exactly |really |particularly |at all |yet )?(?:amused|happy|pleased|impressed|convinced|satisfied|thrilled"
    r"|keen|delighted|good enough|acceptable|usable|perfect|ideal)",
    r"(?:sent|handed|gave|threw|kicked|bounced) (?:it|them) (?:straight |right )?back(?: to (?:me|us))?(?= *(?:$"
    r"|[.,!;]))",
    r"(?:rejected|refused|declined|hates?|hated|dislikes?|disliked) (?:it|them|that|this)",
    r"turned (?:it|them) down",
    r"complains?|complained|complaining",
    r"(?:garbage|gibberish|rubbish|illegible|unreadable|garbled|mangled|scrambled|upside[- ]down|back to front|useless"
    r"|a mess|all over the place|topsy[- ]turvy|blurry|blurred|cut off|cropped off|half[- ]baked)",
    r"(?:the whole|the entire|all (?:my|our|the|of (?:my|our|the))|everything(?:'s)?|half (?:of )?(?:my|our|the)|my"
    r"|our)"
    r"(?: \w+){0,3} (?:is|are|has|have|'s)? ?(?:gone|lost|vanished|disappeared|deleted|wiped)",
    r"there(?:'s| is| are) (?:a |an |some |still |several |two |three |many )*(?:typos?|errors?|gaps?|mistakes?"
    r"|holes?|glitch(?:es)?|blank"
    r"|misprints?)",
    r"wants? (?:his|her|their|its|my|the) money back",
    r"you (?:have |'ve )?only (?:did|done|sent|made|gave|translated|converted|changed|fixed|used|took|read|looked)",
    r"no cigar",
    r"miles off",
    r"(?:off the mark|wide of the mark)",
    r"nothing like (?:the|what|it)",
    r"(?:seem|seems|appears?|looks?|looked|is|are) (?:to be |to have been )?(?:cut|missing|truncated|incomplete"
    r"|broken)",
    r"not (?:the|a) (?:version|one|file|page|picture|colour|color|format|order|size|thing) (?:i|we|he|she|they)",
)
# A whole message of it.
BARELY_NO = re.compile(
    r"(?:oh |good (?:lord|god|grief|heavens) |god |hell |err* |uh |hm+ )*(?:no+|nope|nah|naw|meh)\W*$"
)
_FOREWORD = (
    r"(?:i (?:hesitate|hate|regret|am loath|am sorry|(?:don't|do not) (?:wish|want|mean)) to"
    r" (?:mention|say|seem|sound|bother|be|trouble|complain|nag|report|point|tell)\b[^,;]{0,40}[,;] ?(?:but|however)"
    r"|(?:forgive|pardon|excuse) me,? but|i beg your pardon,? but|apologies,? but|with (?:all due )?respect,?(?: but)?"
    r"|sorry to (?:say|be|bother|nag|report)\b[^,;]{0,40}[,;]? ?but|(?:i fear|i'm afraid|i am afraid) (?:that )?)"
)
# What follows such words finds fault, unless it asks for something.
REGRETS = re.compile(rf"(?:\w+[,.]? )?{_FOREWORD}|.{{4,200}}, i(?:'m| am) afraid$")
# The person asks somebody, or themself, before they say yes.
ASKS_FIRST = re.compile(
    r"\b(?:let me|i(?:'ll| will| shall| need to| have to| must| want to| should|'d like to| ought to)"
    r"|we(?:'ll| will| need to| have to| must| want to| should)) (?:\w+ )?(?:check with|ask|talk (?:to|with|about|it)"
    r"|speak (?:to|with)|think|discuss|consult|mull|run (?:it|this|that) (?:by|past)|clear (?:it|this|that) with"
    r"|sleep)\b"
    r"[^.?!]{0,40}\b(?:first|over|about (?:it|this|that)|before|beforehand|with (?:him|her|them))\b"
)
CARRIES_ON = re.compile(
    r"\b(?:(?:keep|carry|go|going|do go|press|push|crack|soldier) (?:going|on|at it|it up)(?! (?:the|a|an|my|holiday"
    r"|with it to)\b)"
    r"|continue|proceed|resume|keep (?:working|them coming|it coming|at it)|(?:the )?next (?:batch|lot|pack|chunk"
    r"|ones?|few|ten|part|chapter|section|round|set|page|file|\d+)|(?:the )?same (?:for|with|to) the (?:others?|rest"
    r"|remaining)|(?:on |now )?(?:with |to )?the (?:others|rest|remaining \w+))\b(?! (?:is|are|was|were|can|looks?"
    r"|seems?|works?)\b)"
)
DECLINES = re.compile(
    r"(?:oh |ok(?:ay)? |thanks?,? |thank you,? |ah )*(?:no+[,.]? (?:thanks?|thank you|thx|ta|cheers|need)|(?:no+|nah"
    r"|nope)[,.!]? "
    r"(?:i'm|we're|that's|it's|all|this is|that is|everything|the|i am|not necessary|not needed|don't)"
    r"|no need|not (?:necessary|needed|required|now)|that will not be (?:needed|necessary|required)"
    r"|that won't be (?:needed|necessary|required)|(?:i'm|we're) (?:good|fine|ok(?:ay)?|all set)|don't bother"
    r"|(?:never ?mind|nvm|skip|forget|leave) the \w+|(?:that|this)(?:'s| is) all)(?![\w'])"
)
# Bows to a refusal.
YIELDS = re.compile(
    r"(?!.*\b(?:but|however|though|still|yet|except|unless)\b)(?:(?:ok(?:ay)?|alright|all right|right|well|oh|oh"
    r" dear|hm+|fine|i see|understood|ah|pity|shame)[,.]? )*"
    r"(?:(?:then|so|in that case)\b(?! (?:what|how|why|can|could|which|where|when|who|is|are|do|does|please|try|just"
    r"|make|use|do|book|give|send|put|change|find|cancel|let me)\b).{3,}|thanks? (?:you )?(?:for (?:checking|trying"
    r"|looking"
    r"|asking|letting|telling|your|the)|anyway|all the same|nonetheless|nevertheless)\b"
    r"|(?:it|that) (?:stays|remains)\b|(?:we|i)(?:'ll| will)? (?:keep|stay with|stick with|leave it)\b"
    r"|fair enough|understood|i understand|i see|so be it|c'est la vie|such is life)"
)
