"""Lasting facts that nobody calls a rule: conventions, limits, other people's demands, decisions, facts about oneself.

English marks what holds in general by the simple present with a general subject ("dates go day first", "anything
marked red", "legal wants every page signed"), by plural weekdays, by "here" and "in our shop". What happens now, a
fault, or something said of one thing at hand ("the second one", "this file") is told apart by its own marks.
Each pattern reads one sentence or clause in lower case.
"""

import re

from seasoned.rules.requests import DEMANDS, IMPERATIVE, PROBLEM

_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_ALL = r"(?:everything|anything|every|all|any|each|whatever)"
# What teams have conventions about.
_THINGS = (
    r"(?:file ?names?|names|dates|times|titles|headings|headlines|captions|labels|legends|figures|tables"
    r"|charts|plots|graphs|axes|error bars|units|temperatures|prices|amounts|totals|sums|numbers|decimals"
    r"|percentages|keys|tags|ids|branches|commits|commit messages|messages|comments|docstrings|variables"
    r"|functions|classes|methods|constants|columns|folders|directories|documents|docs|letters|e?-?mails"
    r"|invoices|receipts|quotes|tickets|notes|minutes|reports|summaries|sizes|weights|lengths|distances"
    r"|measurements|measures|doses|addresses|references|citations|quotations|footnotes|abbreviations|acronyms"
    r"|slides|drafts|versions|releases|migrations|scripts|passwords|secrets|backups|values|sheets"
    r"|samples|customers|clients|guests|patients|students|readers|approvals|requests|complaints|orders"
    r"|payments|refunds|questions|bookings|deliveries|returns|expenses|contracts|meetings|calls|interviews"
    r"|visitors|visits|photos|images|pictures|screenshots|videos|recipes|ingredients|recordings|posts"
    r"|captions|press releases|translations|endpoints|tables|indexes|queries|identifiers|modules|packages"
    r"|imports|tests|deploys|deployments|rollouts|reviews|pull requests|prs)"
)
# What is large enough for a fact about it to last.
_PROJECT = (
    r"(?:paper|manuscript|article|thesis|dissertation|book|novel|story|grant|project|product|app|application"
    r"|site|website|company|start-?up|business|wedding|conference|launch|course|class|podcast|newsletter"
    r"|magazine|journal|shop|store|game|film|documentary|album|exhibition|allocation|cluster|budget|study"
    r"|trial|survey|campaign|report|series|repo|repository|library|package|codebase|backend|frontend"
    r"|service|api|server|servers|database|lab|office|clinic|house|building|event|garden|machine|instrument"
    r"|contract|tender|bid|proposal|translation|deck|talk|keynote|lecture|handbook|manual|team|department"
    r"|school|choir|club|charity|restaurant|practice|warehouse|device|sensor|firmware|model|dataset|data set)"
)
_ROLE = (
    r"(?:boss|manager|supervisor|director|professor|advisor|adviser|pi|cto|ceo|cfo|coo|owner|chair|chairman"
    r"|chairwoman|head|lead|board|committee|council|auditors?|inspectors?|regulators?|lawyers?|solicitors?"
    r"|legal|finance|accounting|accounts|accountants?|hr|compliance|security|marketing|sales|admins?|ops"
    r"|editors?|publisher|reviewers?|referees?|landlord|union|insurers?|insurance|ministry|bank|tax office"
    r"|doctor|architect|principal|headmaster|headmistress|dean|department|funder|sponsor|head office"
    r"|procurement|purchasing|customs|wife|husband|partner|daughter|son|kids?|children|mother|mum|mom|father"
    r"|dad|clients?|customers?|users|readers|investors?|printer|scanner|warehouse|server|system|journal"
    r"|tool|platform|portal|client's \w+)"
)
_WHERE = (
    r"(?:around here|(?:in|on|at) (?:this|our|my) (?:\w+ )?(?:house|household|office|lab|building|family|shop|team"
    r"|company|department|kitchen|country|group|practice|clinic|studio|firm|school|place|end|cluster|servers?"
    r"|system|field|business|line of work|world|trade|industry|book|neck of the woods|part of the world"
    r"|archive|library|warehouse|factory|plant|ward|hotel|restaurant|club|village|town|parish|codebase|repo"
    r"|repository|project|course|document)|over here"
    r"|here in \w+|where (?:i|we) (?:work|come from|live|are)|"
    r"(?:in|on|for|to|of|across|with) (?:all|every|each)(?: one)?(?: of)? (?:our|my)\b \w+"
    r"|(?:the way|how) (?:we|i|the house|this house|the company) (?:do|does|like|likes)\b)"
)
_ONE_OFF = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|this (?:week|morning|afternoon|evening|month|year|time|one"
    r"|minute)|(?:right|just) now|at the moment|currently|until \w+day|till \w+day|next (?:week|month|one|step)"
    rf"|last (?:week|month|night|time|{_DAY})|by (?:noon|{_DAY}|tomorrow|tonight|\d+)|in (?:an?|\w+) (?:minutes|hours"
    r"|days)|so far|ago|while you|this (?:file|flight|trip|letter|mail|report|list|table|chart|mailing|order"
    r"|booking|reservation|case|ticket|page|column|version|draft)|reservations?|flights?|certificates?|travel insurance"
    r"|checked bags?|luggage|(?:a|the|my|full) refund|if (?:that's )?(?:necessary|possible)"
    r"|gift cards?|booking|second one|first one|lol|haha+|for this \w+|would (?:agree|say|love|like))\b"
)
# A state of the moment after "is" or "are", not what something is in general.
_STATE = re.compile(
    r"\b(?:is|are|'s|'re|am) (?:all |now |still |already |almost |nearly |just |not |too |a bit |so |very |pretty"
    r" |quite )*(?:up|down|ready|done|finished|here|there|back|fine|good|great|nice|ok|okay|bad|lovely|ugly|perfect"
    r"|correct|right|true|from|sick|ill|late|busy|away|waiting|coming|home|attached|below|above|clear|old"
    r"|new|cheap|expensive|loud|long|short|big|small|cut off|unreadable|illegible|same|the same|in the way"
    r"|merged|sent|open|high|low|(?!according)[a-z]{3,}ing(?! (?:on|at|in|every|from)\b))\b"
)
_PRONOUN = (
    r"(?:i|we|you|if|when|to|as|so|[a-z]+ing|it|that|this|these|those|they|he|she|there|which|who|what|where|how|why)"
)

_PATTERNS = (
    # universal subjects: "anything marked red goes to Ann", "nobody but me talks to the press"
    r"^(?:anything|everything|whatever|whoever|nothing|nobody|no one|no-one) (?:[\w'./~-]+,? ){0,9}?(?:never |always "
    r"|only )?(?:goes|leaves|gets|has to|must|needs|stays|belongs|talks|touches|counts|ships|lives|may|enters"
    r"|runs|is (?:kept|sent|stored|written|to be|billed|logged|saved|filed|mine|done (?:in|by|with|over|via))|uses"
    r"|buys|pays|speaks|signs|edits|deploys|merges|i(?:'d| would)? (?:need|want)|comes with)\b",
    r"\b(?:anything|everything|whatever|every \w+|all \w+|any \w+) (?:that )?(?:you|we|i) (?:[\w-]+ ){1,5}?(?:has to"
    r"|have to|must|should|needs? to|is to|are to|goes|go|gets?|stays?|is|are|can't|cannot|may)\b",
    # conventions told of things in general
    rf"^(?!(?:the|this|that|these|those|some|his|her|their|your|two|three|four|both|more|most|many|other|another|new"
    rf"|several|few|which|what|all the|please|no|don't|do|same"
    rf"|(?!pricing|billing|shipping)\w+ing|all (?:their|his|her|your|these|those))\b)(?:[\w'/-]+"
    rf" ){{0,3}}?{_THINGS}(?: here)?(?: (?:in|for|on|from|of"
    rf"|to|with|over|above|under|by|between) (?:[\w'-]+ ){{0,4}}[\w'-]+)?,? (?:always |never |only )?(?:are|go|get|have"
    rf"|come|belong|start|begin|end|use|take|need|carry|stay|read|follow|must|should|live|run|wear|always|never|only"
    rf"|in (?!the\b|this\b|that\b|there\b)|as |with (?:the )?)\b",
    rf"^(?!(?:the|this|that|these|those|his|her|their|your)\b)(?:[\w'/-]+ ){{0,3}}?{_THINGS}: \S+ \S",
    rf"\b(?:all|every|each) (?:of )?(?:my|our) {_THINGS}",
    # what somebody else demands or bears
    rf"^(?!the (?:customer|client|patient|user|guest|caller)\b)(?:(?:my|our|the|any|every|most|these|your)\b"
    rf" )?(?:[\w'-]+ ){{0,3}}{_ROLE}(?: (?:in|at|of|on) (?:[\w'-]+ )?"
    rf"[\w'-]+)? (?:also |really |absolutely |literally |usually )?(?:only (?:ever )?(?:reads?|prints?|accepts?|takes?"
    r"|wants?|opens?|looks?|does|do|allows?|supports?|has|have|speaks?|works?)|insists?|requires?|demands?|prints"
    r"|won't (?:accept|take|read|open)|doesn't (?:accept|allow|like|want|read|take|do|open)|don't (?:accept|allow"
    r"|like|want|read|take|open)|can't (?:stand|read|open|eat|see|hear)|cannot (?:stand|read|open)|hates?|loathes?"
    r"|loves?|frowns?|refuses to|chokes?|is (?:allergic|very strict|picky|strict)|has the (?:final|last) (?:say"
    r"|word))\b",
    rf"^(?!{_PRONOUN}\b)(?:[\w'-]+ ){{1,5}}?(?:wants?|expects?|requires?|demands?|needs?|likes?) (?:[\w'-]+ ){{0,6}}?"
    rf"(?:{_ALL}|always|never|no)\b",
    rf"^(?!{_PRONOUN}\b)(?:[\w'-]+ ){{1,5}}?(?:has to|have to|must|needs to|gets to) (?:okay|ok|approve|sign|clear"
    rf"|authori[sz]e|countersign|see|check|review|vet|hear)(?: off)?(?: on| about)? {_ALL}\b",
    rf"^(?!{_PRONOUN}\b)(?:[\w'-]+ ){{1,4}}?(?:signs?|approves|okays|clears|checks|reviews|handles|decides|owns|pays"
    rf"|vets"
    rf"|prints|judges|reads|proofreads|countersigns)(?: off)?(?: on)? (?:literally |absolutely |pretty much )?{_ALL}\b",
    # limits and bans
    r"\b(?:is|are|stays?|remains?|'s) (?:strictly |completely |totally |always |absolutely )?(?:off[- ]limits"
    r"|hands[- ]off|an? (?:absolute )?no-?go|taboo|not allowed|banned|mandatory|compulsory|out of bounds"
    r"|non-negotiable|not negotiable|a must|not up for debate|to be left alone)\b",
    r"\b(?:is|are) (?:capped|limited|restricted) (?:at|to)\b|^(?:the |our |my )?(?:[\w-]+ )?(?:budget|limit|cap"
    r"|ceiling|quota|allowance)\b[^.]*\d",
    r"\bno (?:\w+ )?\w+, no \w+$|\bnobody (?:but|except|other than) (?:me|us|\w+)\b|\band nowhere else\b",
    r"^(?:only|just) (?:i|me|\w+) (?:may|am allowed|is allowed|are allowed|gets? to|talks?|decides?)\b",
    r"\byou must (?:\w+ )+?(?:before you|on our|anything|everything|every|each|whenever)\b",
    r"\bwelcome to\b[^.]*\bbut\b|\bno need to (?:[\w']+ ){1,6}(?:each|every|all the|any) ?(?:time|more)?\b",
    r"^spare me\b|\b(?:with|for|to) me,? (?:please )?(?:use|keep|stick|avoid) |^(?:please )?to not \w+|^to not \w+",
    r"\bso (?:absolutely |definitely |please )?(?:no (?!need|worries|problem|rush|hurry|one|idea|luck|chance|wonder"
    r"|reason|point|pressure|change|big deal|more|matter|clue|longer|refund|insurance)\w+|nothing (?:\w+ )?(?:before"
    r"|after|heavy"
    r"|fancy|with|that|from|over|above|in)|(?:only|just) \w+ \w*s\b|[a-z]+ (?:[a-z]+ )?only$)",
    # places and customs
    rf"{_WHERE}|\b(?:\w+s|\w+ing) here (?:are|is|go|goes|has|have|means?)\b",
    r"\b(?:nobody|everyone|everybody|no one|people) here (?:has|have|uses?|speaks?|knows?|runs?|reads?|works?"
    r"|shares?)\b",
    r"\b(?:never ever|without exception|full stop$|, period$|i (?:do )?mean (?:always|every|never|it)|not negotiable"
    r"|these days|nowadays|by convention|by law|by contract|per our|as per policy)\b",
    r"\bwe (?:don't|never|do not|only|always) (?:say|call|spell|write|use|print|name|capitali[sz]e)\b"
    r"|^(?:the|our) (?:word|term|spelling|preferred \w+|correct \w+|right word) is\b",
    # times that come back
    rf"\b(?:{_DAY}s|school nights)\b|\bevery (?:other |second |last |first )?(?:{_DAY}|night"
    r"|morning|evening|week|month|quarter|year|spring|summer|autumn|fall|winter)\b|\bonce a (?:day|week|month|year)\b",
    rf"^(?:the|our|my) (?:[\w'-]+ ){{0,3}}(?:closes|opens|shuts|is (?:closed|open|shut|off|wiped|unavailable)|restarts"
    rf"|reboots|resets|gets wiped|goes (?:out|down|to print))\b[^.]*\b(?:at \d|at (?:noon|night|midnight|weekends)"
    rf"|on {_DAY}"
    rf"|in {_MONTH}|from {_MONTH}|{_DAY}s?|after \d|between|over christmas|during)\b",
    rf"^(?:{_DAY}|mornings?|afternoons?|evenings?|lunch ?time)s?(?: \w+)? (?:is|are) (?:my|our|taken|blocked|off|for"
    r"|sacred|reserved|family|when (?:i|we))\b",
    # facts about a project
    rf"^(?:the|our|my|this) (?:[\w'-]+ ){{0,3}}{_PROJECT}(?: (?:is|are|'s|will be|was|has been)|'s) (?:\w+ly |now "
    rf"|all )?"
    r"(?:aimed at|for (?!me\b|it\b|sale\b)|set (?:in|on a)|(?:funded|sponsored|financed|run|shared|owned|paid|read|"
    r"maintained) (?:for )?(?:by|with|among|between)|written (?:in|for|by)|going to be (?:in|at|on|called|named|held)"
    r"|targeted at|targeting|meant for|intended for|called (?!from)|based (?:on|in)|hosted (?:on|in|at|by)"
    r"|built (?:with|on|in)|named|licen[sc]ed|going to (?:appear|launch|take place)|under (?:an? )?\w+ licen[sc]e)",
    rf"^(?:the|our|my) (?:[\w'-]+ ){{0,3}}{_PROJECT} (?:runs|targets|uses|lives|ships|supports|belongs|appears|follows"
    r"|kicks)\b",
    rf"^(?:the|our|my|this) (?:[\w'-]+ ){{0,2}}{_PROJECT} (?:has to|must|should) be (?:in|under) \w+|^(?:the|our)"
    rf" (?:\w+ )?"
    r"(?:office|shop|lab|clinic|company|team|store|studio|firm|practice) (?:has|have) moved\b",
    r"[,;] (?:it's|that's|this is|it is) (?:an?|the|our|their|his|her) (?:[\w-]+ )?(?:rule|law|requirement|policy"
    r"|custom|tradition"
    r"|convention|principle|thing here)\b",
    rf"^(?!{_PRONOUN}\b)(?:[\w'-]+ ){{1,4}}(?:stays?|remains?|belongs?|never leaves?) (?:in|on|with|within|inside"
    rf"|under|behind)\b",
    rf"^(?!{_PRONOUN}\b)(?:[\w'.-]+ ){{1,4}}(?:is|are) (?:the (?:one|person|man|woman|contact|only one)s? (?:who"
    rf"|that|for|to)\b|in charge of"
    r"|responsible for|the (?:head|contact|owner) (?:of|for)|our (?:contact|supplier|lawyer|accountant|landlord"
    r"|sponsor|auditor"
    r"|host|agency|vendor|dentist|doctor|vet)\b)",
    rf"^(?!{_PRONOUN}\b)(?:[\w'.-]+ ){{1,3}}(?:hates|loathes|detests|adores) (?!it\b|this\b|that\b|the\b|my\b|your\b"
    rf"|him\b|her\b)\w+",
    r"^(?:most|half|all|none|many|some|two thirds|the majority) of (?:our|my) \w+ (?:are|have|use|can't|don't|read"
    r"|speak|live|work)\b",
    r"\b(?:has|keeps|holds) (?:our|my) (?:\w+ )?(?:keys?|passwords?|login|licen[sc]e|account)\b",
    rf"^(?!{_PRONOUN}\b|the\b)(?:[\w'-]+ ){{1,2}}(?:start|end|go|come|get|pay|work|eat|leave|arrive|use|need|cost"
    rf"|take)s? .* here$",
    r"\bbefore (?:anything|any \w+|you (?:\w+ )+?(?:anything|any|something)) [^,]*\b(?:i|we|you) (?:want|need|must"
    r"|have to|check|read|see|ask)\b",
    r"^(?:i|we) (?!(?:need|want|have|got|get|see|are|were|had|can|could|will|would|might|should|must|think|know|hope"
    r"|mean|guess|just"
    r"|also|still|saw|found|took|lost|made|sent|did|look|ask|am|bring|may|found|owe|expect|only|\w+ed)\b)[a-z]+"
    r" (?:all |our |my )?(?!(?:those"
    r"|these|this|things|it|yes|as|us|is)\b)(?:[\w-]+ )?\w{2,}[^\Ws] ?s (?:as|in|by|with|per|under|before|after|at"
    r"|on|via|using|to)\b",
    r"^our (?:[\w-]+ ){1,3}(?:kicks?|logs|locks|takes?|needs?|doesn't|don't|can't|won't|requires?|expects?|supports?"
    r"|expires?|lasts?|covers?"
    r"|comes?|costs?|allows?|contains?|speaks?|pays?|eats?|works?)\b",
    rf"^(?!{_PRONOUN}\b)(?!.*\b(?:script|page|build|app|server|tool|program|button|query|job|command|parser"
    rf"|bug)\b)(?:[\w'-]+ ){{1,3}}"
    r"(?!(?:wants|needs|has|says|is|was|does|gets)\b)[a-z]+s (?:off |up |out )?(?:everything|anything|every)\b",
    r"^(?:i|we) (?!(?:need|want|have|got|get|see|lost|like|can|will|checked|tried|sent|found|forgot|\w+ed)\b)[a-z]+"
    r" (?:everything|all my)\b",
    r"\b(?:i'm|i am|we're|we are|\w+ is) the only (?:one|person|people)\b|^only \w+ (?:can|may|is allowed to)"
    r" (?:approve|sign|order|decide|change)",
    r"^(?:ours is|ours are) |^(?:anything|everything) (?:over|under|above|below|longer|shorter|bigger|more|less|past"
    r"|beyond|older|newer|marked) ",
    rf"^(?!{_PRONOUN}\b|the\b|my\b|our\b)[a-z]+ (?:has to|must|needs to|is to) be [a-z]+(?:ed|en)\b|^[a-z]+s"
    rf" (?:first|last) (?:in|on|for|and)\b",
    r"\b(?:it's|that's|which is) (?:how|the way) (?:the|our|we|they|everyone|i)\b",
    r"^my (?:company|firm|team|family|department|group|office|employer|school|church|country) (?:do|does|don't"
    r"|doesn't|only|never|always"
    r"|uses?|works?|closes?|eats?|celebrates?|requires?|allows?)\b",
    r"^(?:the|our|an?|every|each|all) (?:[\w-]+ ){0,2}(?:sku|numbers?|codes?|ids?|keys?|names?|prefix|suffix|serial"
    r"|barcodes?|versions?|paths?|urls?"
    r"|references?|labels?) (?:always )?(?:starts?|begins?|ends?|consists?) (?:with|in|of)\b",
    r"^(?:the|our|my) (?:[\w'-]+ ){1,2}(?<!function )(?<!method )(?<!file )(?<!column )(?<!table )(?<!folder"
    r" )(?<!script )(?<!variable )(?<!class )"
    r"(?<!test )(?<!page )(?:is|are) (?:called|named) (?!by|from|when|with|after|twice|in|once|on)\w+",
    r"^(?:the|our|my|a) (?:[\w-]+ )?(?:rule(?: of thumb)?|convention|policy|norm|custom|practice|agreement|principle"
    r"|maximum|minimum)"
    r"(?: here| (?:for|with|in|on) (?:[\w'-]+ ){0,3}[\w'-]+)? is\b",
    # about oneself
    r"\bmy (?:right |left |bad |good )?(?:ears?|eyes?|hands?|wrists?|knees?|back|arm|leg|vision|memory|hearing)"
    r" (?:is|are|isn't|aren't|can't|don't)\b",
    r"\bi(?:'ve| have)(?: got)? (?:an? (?:thing (?:about|for|against)|soft spot|weakness|phobia|horror|rule|aversion"
    r"|policy|habit|strong preference)"
    r"|no patience|little patience|no time for)\b",
    r"\bi(?:'m| am) (?:moving|relocating|emigrating|retiring) [^,]*\b(?:for good|permanently|in (?:may|\w+ary|march"
    r"|april|june|july|august|\w+ber))\b"
    r"|\bi(?:'ve| have) (?:moved|relocated) to (?!the\b)\w+",
    r"\b(?:i|we)(?:'m|'re| am| are) (?:all |both |strictly )?(?:vegetarian|vegan|kosher|halal|gluten[- ]free"
    r"|teetotal|muslims?|jewish|[\w-]+ people)\b",
    r"\b(?:i'm|i am|we're|we are) on an? (?:\w+ )?(?:connection|budget|diet|plan|chromebook|tablet|ipad|phone|mac|pc"
    r"|laptop|line|visa)\b",
    r"\bi(?:'ve got| have got| have| use| wear| get| suffer from)? (?:an? |my )?(?:\w+ ){0,2}(?:wheelchair|hearing"
    r" aids?"
    r"|screen ?reader|magnifier|guide dog|cane|stammer|stutter|allerg(?:y|ies)|intolerance|dyslexia|dyscalculia|adhd"
    r"|autism|asthma|diabetes|migraines?|epilepsy|tinnitus|rsi|vertigo)\b",
    r"\bmy (?:\w+ )?(?:screen ?reader|hearing|eyesight|eyes|wheelchair|adhd|dyslexia|english|german|french|spanish)"
    r" (?:is"
    r"|are|can't|cannot|chokes?|doesn't|don't|won't|reads?|stumbles?|needs?|makes?|struggles?)\b",
    r"\b(?:english|german|french|spanish|italian|portuguese|polish|dutch|japanese|chinese) is (?:not |only |just )?"
    r"(?:my|our) (?:\w+ )?(?:language|tongue)",
    r"\bi(?:'m| am) (?:not )?(?:really |much of )?an? (?:(?:morning|night|visual|cat|dog|details?|numbers|people)"
    r" (?:person"
    r"|owl|thinker|learner|guy|lover)|early bird|night owl|slow reader|lefty)\b",
    r"\bi(?:'m| am) (?:british|english|american|canadian|australian|irish|scottish|welsh|german|french|spanish|italian"
    r"|portuguese|polish|dutch|swedish|norwegian|danish|finnish|austrian|swiss|indian|japanese|chinese|korean|turkish"
    r"|greek|czech|hungarian|ukrainian|brazilian|mexican|from [a-z]+(?:,|$)|muslim|jewish|hindu|christian|tea ?total"
    r"|retired|self-employed|freelance|legally \w+)\b",
    r"\bi(?:'m| am) an? (?:(?!bit|little|lot|fan|while|few)[\w-]+ ){0,2}(?:nurse|doctor|teacher|father|mother|mum"
    r"|mom|dad"
    r"|parent|plumber|electrician|builder|journalist|lawyer|chef|baker|farmer|gardener|artist|painter|midwife|vet"
    r"|dentist"
    r"|pilot|driver|trucker|pensioner|novelist|author|poet|priest|\w+ologist|\w+grapher|\w+ician|single (?:mum|mom|dad"
    r"|parent)|beginner|novice|layman|layperson)\b",
    r"\b(?:i|we) tend to\b|\bi (?:report to|answer to|work under) \w+|\bi (?:panic|struggle|get (?:lost|confused"
    r"|anxious"
    r"|overwhelmed|dizzy|nervous)|lose track|switch off|tune out) (?:when|if|whenever|with)\b",
    r"\bi (?:do |really |absolutely |simply |just )+(?:hate|loathe|despise|mind|care|prefer|appreciate it when)\b",
    r"\bi(?:'d| would) (?:rather|sooner|take|always|never|much rather) (?:have )?[^,]+ (?:over|than) \w+|\bi(?:'d|"
    r" would)"
    r" never (?:have to )?\w+",
    r"\bwhat i (?:care about|look at|look for|go by|value|can't stand|hate) (?:is|are|most)\b|\bmeans? nothing to me\b"
    r"|\b(?:don't|doesn't) (?:interest me|mean (?:anything|a thing) to me|work for me)\b|\bnot (?:my thing|for me)$",
    r"\bi (?:run|drive|own|keep|ride|use) (?!it\b|this\b|that\b|them\b|the\b|these\b|those\b|into\b|out\b)(?:an? |my )?"
    r"(?:[\w.-]+ ){1,3}(?:on|with|at|for) (?:an? |my )",
    r"\b(?:i|we) (?:do|read|write|draft|edit|check|review|pay|plan|shop|cook|answer|type|commute|travel|test|print"
    r"|file|work"
    r"|code|study|teach|bill|order) (?:(?!it\b|this\b|that\b|them\b|these\b|those\b)[\w'-]+ ){0,4}(?:in the (?:evening"
    r"|morning|afternoon)s?|at night|after hours|by hand|at weekends|in (?:batches|bulk|advance)|from home|on (?:an?|my"
    r"|the) (?:ipad|tablet|phone|mobile|train|bus|laptop|chromebook|kindle|mac|commute|road|go))\b",
    r"\b(?:i(?:'m| am)|we(?:'re| are)) (?:paying|working|doing|writing|building) (?:\w+ ){0,3}(?:out of (?:my|our) own"
    r"|on a (?:shoestring|budget)|alone|solo|without a (?:budget|team)|pro bono|part[- ]time|in my (?:spare|free)"
    r" time)",
    r"\bwe(?:'re| are) (?:\d+|two|three|four|five|six|seven|eight|nine|ten|a dozen|a (?:team|family|group) of)"
    r" (?:people|of us"
    r"|\w+s\b|\w+)|\bwe(?:'re| are) (?:all )?an? (?:[\w.#+-]+ ){1,4}(?:shop|house|family|company|team|charity|school"
    r"|firm"
    r"|start-?up|studio|co-?op|club|business|agency|lab|group)\b",
    r"^my (?:[\w-]+ )?(?:stuff|files|projects|notes|data|code|scripts|home directory) (?:lives?|is|are|sits?|goes|go)"
    r" (?:all )?(?:under|in|on|at)\b",
    r"\byou (?:could|would|can|should|may|might|'d) (?:please |just )?(?:always|never)\b",
)
_STRONG_PATTERNS = (
    # rules for cases to come
    r"^(?:if|when|whenever|as soon as|once) (?:(?:a|an|any|some) (?:\w+ )?(?:customer|client|user|caller|patient"
    r"|student|guest|visitor|colleague|supplier|vendor|reader|reviewer|tenant|parent|member|journalist)\b|some(?:one"
    r"|body)\b|any(?:one|body)\b|people\b|customers\b|clients\b|in doubt|(?:you(?:'re| are) (?:ever )?(?:unsure|not"
    r" sure"
    r"|in doubt|stuck|uncertain))|(?:something|anything) (?:fails|breaks|goes wrong|is unclear|looks (?:odd|off"
    r"|strange)))",
    r"^(?:please )?spare me\b|^(?:please )?to not \w+|^no need to (?:[\w']+ ){1,6}(?:each|every|all the|any)"
    r" ?(?:time|more)?\b",
    r"\b(?:when|if) (?:i|we) (?:say|write|ask for|talk about) .{1,60}\b(?:i|we) (?:always )?(?:mean|want|expect)\b"
    r"|\bby ['\"\w-]+ (?:i|we)"
    r" mean\b|['\"] (?:from me |here |for us )?(?:means?|is short for|stands for)\b|\bis our (?:word|name|code|term)"
    r" for\b",
    r"^you(?:'re| are) not to \w+|^you(?:'re not allowed| are not allowed| aren't allowed|'re not supposed| are not"
    r" supposed| aren't supposed| don't get| may not"
    r"| must not| mustn't)\b[^,]*\b(?:anything|any|every|on your own|without|ever|prod|production|unless)\b",
    r"^it's (?:(?:mr|mrs|ms|mx|dr|prof|professor|sir|dame)\b.*, not\b|(?:spelled|spelt|pronounced|written) )",
    r"\byou (?:could|would|can|should|may|might|'d) (?:please |just )?(?:always|never)\b",
    rf"\b(?:i|we)(?:'d like| would like| want| need) (?:all|every|each) (?:of )?(?:my|our) (?:\w+ )?{_THINGS}\b",
    r"\b(?:never ever|without exception|full stop$|i (?:do )?mean (?:always|every|never))\b",
)
_STRONG = re.compile("|".join(f"(?:{pattern})" for pattern in _STRONG_PATTERNS))
# A noun made of two, the first of which could be a verb: "file names", "commit messages".
_COMPOUND = re.compile(
    rf"(?:file|branch|commit|test|order|report|date|code|log|build|release|time|label|table|page|cite|image|plot|note"
    rf"|place|price|account|mail|chart|meeting|record|document|work|track|ring|email|text|time|market|ship|group|index"
    rf"|process) {_THINGS}\b"
)
_RECURS = re.compile(
    rf"\b(?:{_DAY}s|every (?:(?:other|last|first|second) )?(?:{_DAY}|day|week|month|night|morning|evening|quarter"
    rf"|year))\b"
)
_WH = re.compile(
    r"(?:therefore |so )?(?:what (?!i\b|we\b)|which|who\b|where|why|how\b|is |are |does |do (?:you|we|i) |did )"
)
_NO_FAULT = {
    "off",
    "nothing",
    "nobody",
    "double",
    "twice",
    "full",
    "moved",
    "empty",
    "issues",
    "issue",
    "error",
    "errors",
    "can't",
    "cannot",
    "don't",
    "doesn't",
    "won't",
    "isn't",
    "aren't",
    "problem",
    "bugs",
    "red",
    "warning",
    "alerts",
    "blank",
    "late",
}
_STANDING = re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS))
# A decision that changes a standing fact; words such as "now" and "today" belong to it.
_DECIDED = re.compile(
    r"\b(?:we|i|the (?:team|company|project|department|lab|whole \w+)|everyone|everybody)(?:'ve| have| has) (?:now "
    r"|recently"
    r" |finally |officially |just |all |since )*(?:switched|moved|migrated|changed|upgraded|converted|gone|come)"
    r" (?:over |back"
    rf" |everything |fully |completely )*(?:to|over to) (?!the (?:next|second|first|last|main|other)|{_DAY}|\d"
    rf"|tomorrow|today"
    r"|another|step|see|do|a (?:different|new) (?:flight|page|tab))\w"
    r"|\bwe (?:switched|moved|migrated|upgraded|converted) (?:over |everything )?(?:to|from) (?!the\b|\d|step)\w"
    r"|\bwe(?:'ve| have)? (?:all |now |finally )?(?:decided|agreed|settled) (?:to (?:drop|end|retire|go with|use"
    r"|call|name|adopt|stick|move to"
    r"|switch|standardi[sz]e|target|support|publish|submit|write|build|stop)|on (?!this\b|that\b|it\b)\w)"
    r"|\b(?!i\b|we\b)\w+ (?:has |have )?(?:decided|decrees?|decreed|ruled|announced) (?:that )?(?:we|our|the (?:team"
    r"|company"
    rf"|paper|launch|project)|from now)(?!'d)\b"
    r"|\b(?:we|i)(?:'re| are|'m| am| do| use| have|'ve)? (?:no longer|not (?:[\w.'-]+ ){1,6}any ?more)\b(?!"
    r" (?:interested|able"
    r"|sure|going|travel|fly|need|want|see|have))"
    r"|\bno longer (?:an?|the|use|accept|ship|support|sell|take)\b[^.]*\bwe\b"
    r"|\b(?:we|i|they|everyone)(?:'ve| have)? stopped (?:using|doing|writing|selling|buying|taking|accepting|eating"
    r"|drinking"
    r"|supporting|shipping|offering|printing|working)\b|\bgave up (?:meat|alcohol|sugar|coffee|gluten|dairy|on"
    r" windows)\b"
    r"|\beverything(?:'s| is) (?:on|in|at) \w+ now\b"
    rf"|\b{_PROJECT} (?:is|will be|is going to be|now goes|goes|has moved|moves) (?:\w+ )?(?:in|at|to|called|on)"
    r" [^,]{2,40} (?:rather than|instead of|not) \w+"
)
_REPORTED = re.compile(
    r"^(?:[\w'-]+ ){1,4}?(?:says?|said|claims?|claimed|complains?|writes|wrote|thinks?|told|asks?|asked|replied"
    r"|tells)\b"
    rf"|^(?:he|she|they|it|this(?! (?:[\w'-]+ )?{_PROJECT}\b)|that|these|those|you)\b(?!'re welcome| are welcome|"
    rf" must| could always| should (?:always"
    r"|never))"
)
# Words before a statement that only say that one comes.
ASIDE = re.compile(
    r"(?:(?:and |but |so |because |since |as |also |oh |plus |only )*(?:for what it's worth|for the record|(?:just"
    r" )?(?:so|in case) (?:you"
    r"|it|that)(?:'re| are| know| matters?| helps?|'s)?(?: aware| know| wondering| relevant| asking| of use| any help)?"
    r"|in case you (?:didn't|don't) know|fyi|btw|by the way|as you may know|as a (?:reminder|side note|heads[ -]up)"
    r"|side note"
    r"|heads[ -]up|kindly (?:note|mind|remember)(?: that)?|(?:please |pls )?(?:note|remember|mind|be aware|bear in"
    r" mind|keep in mind)"
    r"(?: that)?|one (?:\w+ )?(?:rule|constraint|condition|catch|requirement|restriction|limitation|warning|quirk"
    r"|caveat|habit"
    r"|thing)(?: (?:about (?:me|us)|to (?:know|note|remember|mind)|here|though))?(?=[:,] )|house rules?(?=[:,] )"
    r"|good to know"
    r"|(?:change of plans?|plot twist|small change|big news|good news|bad news|update|news)(?: (?:on|for|of|from)"
    r" (?:\w+ ){0,4}?\w+)?(?=[:,]"
    r" )|ideally,?|honestly,?|frankly,?|to be (?:honest|fair),?|you should know(?: that)?|as i said,?|mind you,?"
    r"|remember,?)\b[\s,:;-]*"
    r"|(?:and|but|so|because|since|also|oh|plus|yeah|ok|okay|right|well|no(?=,))\b[\s,]+)+"
)
_PAST = re.compile(
    r"^(?:i|we|it|he|she|they|you|the \w+|my \w+|our \w+) (?:(?:always|never|only|just|already|also) )?(?:was|were"
    r"|had|got|did"
    r"|went|saw|said|came|took|made|asked|ordered|received|booked|bought|tried|sent|paid|lost|found|forgot|broke"
    r"|[a-z]{3,}ed)\b"
)
_TASK = re.compile(
    r"^(?:i|we) (?:actually |also |just |really |might |may |will |do not |don't )*(?:need|want)\b(?! (?:all|every"
    r"|each) (?:of )?(?:my|our))"
    r"|\b(?:nobody|no one)\b.* ever\b|^(?:i'll|we'll|i will|we will|i might|i may)\b|\b(?:i|we)(?:'d| would) (?:like"
    r"|love) (?:to|you|the|a)\b|\b(?:can|could|may) (?:i|we|you)\b"
)


def standing(clause: str) -> bool:
    """Whether a clause in lower case, without opening fillers, tells something that holds in general."""
    aside = ASIDE.match(clause)
    if aside:
        clause = clause[aside.end() :]
    if _STRONG.search(clause):
        return not _ONE_OFF.search(clause) or " mean" in clause
    if clause.startswith(("don't ", "do not ", "there ", "there's ")) and not _RECURS.search(clause):
        return False
    if _REPORTED.match(clause) or _TASK.search(clause):
        return False
    if _DECIDED.search(clause):
        return True
    if (IMPERATIVE.match(clause) and not _COMPOUND.match(clause)) or _WH.match(clause):
        return False
    return bool(_STANDING.search(clause)) and not of_the_moment(clause)


def fault(head: str) -> bool:
    """Whether a clause tells of something that goes wrong."""
    head = (
        re.split(r"\b(?:when|if|unless|because|after|once)\b", head, maxsplit=1)[0]
        if not head.startswith(("if", "when"))
        else head
    )
    return any(found.group() not in _NO_FAULT for found in PROBLEM.finditer(head))


def of_the_moment(clause: str) -> bool:
    """Whether a clause tells a state, a fault or a wish of the moment."""
    head = clause.partition(",")[0]
    state = _STATE.search(head) if not re.match(r"(?:i|we)\b", head) else None
    once = _ONE_OFF.search(clause) and not _RECURS.search(clause)
    return bool(once or _PAST.match(clause) or state) or fault(head)


def strong(clause: str) -> bool:
    """Whether a clause is lasting whatever else it says, even as a wish ("I'd like all my reports in landscape")."""
    return _STRONG.search(clause) is not None


def wants_more(sentence: str) -> bool:
    """Whether a sentence also asks for something in a clause of its own."""
    return any(
        IMPERATIVE.match(part) or DEMANDS.match(part)
        for part in re.split(r"[,;:] (?:and |so |but |then |please )*|\b(?:and|so|but) (?:please )?", sentence)
    )
