"""What people say to accept, reject, give up, put off or reopen what an agent did."""

import re

from seasoned.rules.words import word

THANKS = word(
    r"thanks?(?! in advance| for (?:looking|checking|fixing|helping me with|taking a look))(?: (?:you|u"
    r"|a lot|so much|a million|a bunch|very much|again|mate|loads|heaps))*",
    r"thank ?you",
    r"thankyou",
    r"thx+",
    r"tnx",
    r"thks",
    r"ty+s?m?",
    r"tysm",
    r"cheers",
    r"ta",
    r"much appreciated",
    r"(?:really |much |i )*appreciate (?:it|that|this|the|your|you)(?: \w+)?",
    r"appreciated",
    r"merci",
    r"danke",
    r"gracias",
    r"obrigad[oa]",
    r"grazie",
    r"tack",
    r"arigato",
    r"grateful",
    r"you(?:'re| are) (?:a )?(?:star|legend|lifesaver|life saver|hero|genius|the best|brilliant|amazing"
    r"|champ|gem)",
    r"bless you",
    r"kudos",
    r"(?:much |most )?obliged",
    r"(?:most|very|so|how) kind(?: of (?:you|him|her|them))?",
    r"(?:kind|good|nice|sweet|thoughtful) of you",
    r"bless (?:you|your \w+)",
    r"props",
    r"saved my (?:day|life|bacon|neck)",
)
PRAISE = word(
    r"perfect(?:ly|ion|o)?",
    r"brill",
    r"(?:so |much |way |far )+better",
    r"that (?:was|is) (?:quick|fast|easy|painless|great|good|helpful)",
    r"that (?:solves|fixes|settles|answers|covers|sorts|helps|explains|does|clears)(?: (?:it|that"
    r"|everything|a lot|up|out|my \w+|the \w+|for me))*",
    r"you(?:\'ve)? (?:got|nailed|cracked|did|made) it",
    r"grand",
    r"it\'s alive",
    r"exactly it",
    r"that\'s exactly",
    r"precisely (?:what|like|that|this|right|how|as)(?: \w+)*",
    r"tip[ -]?top",
    r"sound as a pound",
    r"great success",
    r"(?:top|class|mint|stellar|outstanding|phenomenal|flawless|exquisite|delightful)",
    r"brilliant",
    r"excellent",
    r"awesome",
    r"superb",
    r"splendid",
    r"fantastic",
    r"wonderful",
    r"marvell?ous",
    r"fab(?:ulous)?",
    r"terrific",
    r"amazing",
    r"lovely",
    r"beautiful(?:ly)?",
    r"gorgeous",
    r"spot[ -]on",
    r"bang[ -]on",
    r"nailed it",
    r"(?:great|good|nice|fine|solid|excellent|super) (?:job|work|stuff|one|catch|spot|find|result)",
    r"well (?:done|spotted|found)",
    r"exactly (?:what|like|that|this|right|how|as|the)(?: \w+)*",
    r"just what i (?:wanted|needed|was after)",
    r"just the (?:thing|ticket)",
    r"what i (?:wanted|needed|need|want|was (?:after|looking for)|had in mind)",
    r"love (?:it|this|that)",
    r"i like (?:it|this|that)",
    r"(?:really |very )?(?:happy|pleased|satisfied|delighted) with",
    r"chef'?s kiss",
    r"bravo",
    r"top(?: notch| work| job)?",
    r"impressive",
    r"10/10",
    r"ace",
    r"magic",
    r"bingo",
    r"hurray",
    r"hooray",
    r"yay",
    r"woo ?hoo",
    r"phew",
    r"smooth",
    r"(?:beautifully|nicely|superbly|excellently|admirably|splendidly|wonderfully) (?:done|put|written"
    r"|handled|sorted|made)",
    r"splendidly",
    r"(?:quite|all) right",
    r"just so(?= *(?:$|[.,!]))",
    r"capital",
    r"(?:reads?|looks?|sounds?|fits?|works?|suits?) (?:very |really |quite |so |rather )?(?:well|nicely"
    r"|beautifully|handsomely)",
    r"(?:quite |very |well |perfectly )?(?:content|satisfied|pleased|delighted|thrilled) with",
    r"(?:tick|ticked|cross|crossed) (?:it|that|this|them|one) off",
    r"(?:gives?|gave|has given|with) (?:his|her|their|its|my) (?:blessing|approval|consent|ok|okay|go-ahead)",
    r"(?:truly |finally |all |now )(?:settled|closed|finished|done|fixed)",
    r"neat",
    r"sweet",
    r"(?:looks?|sounds|seems|reads|feels) (?:really |very |much |so much |all |pretty )?(?:good|great"
    r"|right|fine|perfect|nice|lovely|better|clean|ok|okay|correct|excellent|solid|brilliant)",
    r"lgtm",
    r"ship it",
    r"good enough",
    r"good to go",
    r"that'?ll do(?: nicely)?",
    r"that will do",
    r"does the (?:job|trick)",
    r"(?:that )?did (?:it|the (?:trick|job))",
    r"that(?:'s| is| was| would be| will be|'ll be|'d be) (?:it|all|everything|the one|the ticket|the fix"
    r"|what i)",
    r"a treat",
    r"a charm",
    r"couldn't be better",
    r"better than (?:i )?(?:hoped|expected)",
)
# States of the world that say the thing is done: "it works", "all green", "rc1 is live", "I see it".
WORKS = word(
    r"(?:it|that|this|everything|all|they|both|which|and|now|page|build|login|\w+)(?:'s| is"
    r"| are)? (?:now )?(?:works?|worked|working)(?: (?:now|again|fine|here|great|perfectly|well|like|too"
    r"|for (?:me|us|him|her|them)|as|nicely|flawlessly))*",
    r"works",
    r"worked",
    r"working (?:now|again|fine|great)",
    r"(?:is|are|it's|that's|they're|we're|all|now|went|came (?:back|up|out)|looking|back|everything(?:'s)?"
    r"|stays|both|which is|turned) (?:all |now |fully |back |indeed |finally |nice and "
    r"|completely )*(?:green|live|up|online|stable|fixed|resolved|solved|sorted(?: out)?"
    r"|settled|healthy|fine|good|clean|correct|accurate|complete|closed|merged|shipped|sent|paid|booked"
    r"|signed|published|done|finished|filed|in place|out the door|through|approved|passing|well|smoothly"
    r"|quiet)",
    r"all (?:good|set|green|done|sorted|clear|fine|there|in order|correct|checks out|pass(?:es|ed|ing)?|ok"
    r"|okay|right|works)",
    r"sorted",
    r"solved",
    r"resolved",
    r"fixed",
    r"no more (?:errors?|complaints?|warnings?|issues?|problems?|diffs?|alerts?|failures?)",
    r"no (?:errors?|complaints?|warnings?|issues|problems|diffs?|alerts?|failures?) (?:now|anymore"
    r"|any more|since|here|left|either)",
    r"(?:problem|issue|error|bug|warning|alert|noise) (?:is |has )?(?:gone|solved|fixed|resolved"
    r"|disappeared)",
    r"(?:is|it's|they're|are) gone(?: now)?",
    r"i (?:can |do )?see (?:it|them|the|that it|both|all)(?: \w+)*",
    r"(?:can|could) see (?:it|them|the \w+)",
    r"(?:got|have|has) (?:it|them|the (?:mail|email|file|report|refund|money|label|link|invite|parcel"
    r"|invoice))(?: (?:now|here|thanks|all))?",
    r"received(?: it)?",
    r"(?:it|they|mail|everything|parcel|money|file|report)(?:'s| has| have)? (?:just )?(?:arrived|landed"
    r"|come through|came through|went through|gone through|gone out|went out)",
    r"(?:went|came) through",
    r"(?:checks|adds|ties|lines) (?:out|up)(?: \w+)?",
    r"(?:tallies|balances|reconciles|matches|match|agrees)(?: (?:now|the|our|my|with|what|up|to)(?: \w+)*)?",
    r"add up",
    r"reproducible here",
    r"pass(?:es|ed|ing)? (?:now|here|again|too|everywhere|for me|locally)",
    r"(?:tests?|checks?|build|pipeline|ci|suite|everything|type-checks?|compiles|renders|loads|runs|opens"
    r"|imports|parses|starts|boots|builds|prints|scans) (?:all |again |now |fine|pass(?:es|ed)?"
    r"|clean(?:ly)?|here|ok|okay|green|correctly|without)+(?: \w+)*",
    r"stable here",
    r"confirmed",
    r"verified",
    r"tested(?: it)?(?: and)?",
    r"that answers (?:it|my|that)(?: \w+)*",
    r"makes sense(?: now)?",
    r"mystery solved",
    r"case closed",
    r"clears (?:it|that) up",
    r"good to know",
    r"(?:they|he|she|customer|client|boss|team|finance|everyone|everybody|\w+)(?:'s| is| are|'re) (?:very "
    r"|really |so |already |all )?(?:happy|pleased|delighted|thrilled|over the moon|satisfied)(?: \w+)*",
    r"(?:says|said|sends) (?:thanks|thank you)",
    r"up to date now",
    r"(?:zero|0) (?:failures?|errors?|complaints?|diffs?|warnings?|issues)",
    r"(?:replied|answered|wrote back) and (?:agreed|accepted|confirmed)",
    r"(?:went|gone) (?:really |very )?well",
    r"no complaints?(?: from \w+| here| at all)?",
    r"i can confirm",
    r"(?:went|gone|gone|all) out(?: (?:today|now|this morning|already|to \w+))?",
    r"tie[sd]? out",
    r"(?:it|this|that|they|both|everything|the \w+|\w+) (?!was\b|is\b|has\b|does\b|keeps\b|fails\b"
    r"|crashes\b|hangs\b|breaks\b|says\b|shows\b|gives\b|throws\b|needs\b|looks\b|seems\b"
    r"|works\b)\w+s (?:(?:just |all |perfectly )?fine|correctly|properly|as expected|perfectly|cleanly"
    r"|flawlessly|nicely)(?: now| again)?",
    r"it (?:prints|loads|opens|starts|runs|boots|connects|syncs|compiles|renders|builds|plays|prints|saves"
    r"|sends|shows up|parses|fits|scans|uploads|downloads|installs) (?:now|again)",
    r"(?:they|he|she|(?:the|my|our) \w+|everyone|everybody|client|customer|boss) (?:has |have |just |all "
    r"|already |also )*(?:approved|accepted|signed(?: off)?|confirmed|agreed|loved|liked|got it)",
)
# What a person did with the result; counts at the start of a clause or after a subject.
DONE_VERBS = (
    r"sent|merged|pushed|posted|published|deployed|shipped|released|approved|signed(?: off)?|closed"
    r"|closing|submitted|filed|uploaded|tagged|booked|paid|printed|forwarded|passed (?:it |that "
    r"|them )?(?:on|along)"
    r"|installed|imported|applied|accepted|handed (?:it |them )?(?:in|over|off)|delivered|presented"
    r"|emailed|mailed|shared|saved|archived|committed|rolled out|scheduled|promoted|ticked off|crossed off"
    r"|marked (?:it )?(?:as )?done"
    r"|it's in|copied it over|pasted it in|all in|downloaded(?: it)?|done(?: and dusted)?|job done"
    r"|finished|sorted"
)
DID = re.compile(
    rf"(?:^|[,.;:]\s*|\b(?:and|ok|okay|great|good|perfect|thanks|now|just|already|i|i've|i have|i've just"
    rf"|we|we've|we have|he|she|they|he's|she's|they've|boss|that's|that is|it's|is|are|was|been"
    rf"|all) )(?:{DONE_VERBS})(?![\w'])(?! (?:you\b|to you|the \w+ to you|yesterday|(?:it|them) to you"
    rf"|in the wrong|to the wrong))"
)
ACCEPT_WEAK = re.compile(
    r"(?:ok(?:ay)?|k|kk|good|fine|great|nice(?: one)?|cool|right|alright|all right|yep|yes|yeah|yup|aye"
    r"|understood|noted|seen|got it|gotcha|roger|copy(?: that)?|fair enough|i see|sure|makes sense|will do"
    r"|agreed|indeed|correct|that's (?:good|fine|ok|okay|right|great|nice|helpful)|very (?:good|helpful)"
    r"|helpful|sounds? good|okey ?dokey|👍|👌|✅|🙏|🎉)(?![\w'])"
)
GIVES_UP = word(
    r"drop (?:it|that|this|the (?:idea|whole thing|plan|matter|subject|topic|thing|request|attempt|effort"
    r"|project|feature|case|rest))",
    r"forget (?:it|about (?:it|that)|that|this|the whole thing)",
    r"leave (?:it|that|this|them)(?: (?:then|be|there|at that|as (?:it )?is|alone|for good|out))?(?= *(?:$"
    r"|[,.;!]| and | then| i'))",
    r"never ?mind",
    r"nvm",
    r"skip (?:it|that|this)",
    r"scrap (?:it|that|this|the (?:idea|whole thing|plan|matter|subject|topic|thing|request|attempt|effort"
    r"|project|feature|case|rest))",
    r"abandon (?:it|that|this|the (?:idea|whole thing|plan|matter|subject|topic|thing|request|attempt"
    r"|effort|project|feature|case|rest))",
    r"giv(?:e|ing) (?:it )?up",
    r"gave up",
    r"(?:we|i)(?:'ll| will| can| have to| must) (?:just )?(?:do|live|manage|cope|make do) (?:without"
    r"|with)(?: \w+)?",
    r"do without",
    r"(?:isn't|not|is not|wasn't) worth (?:it|the)(?: \w+)?",
    r"don't bother",
    r"won't bother",
    r"let(?:'s| us)? (?:it go(?= *(?:$|[,.;!]| then| now| and | for good))|forget(?: about)? (?:it|that)|drop (?:it"
    r"|that)|leave (?:it|that)|not bother"
    r"|scrap (?:it|that)|call it off|abandon (?:it|that))",
    r"let it go(?= *(?:$|[,.;!]| then| now| and | for good))",
    r"call it off",
    r"shelve (?:it|that|this)",
    r"bin (?:it|that)",
    r"kill (?:it|that idea)",
    r"can't be helped",
    r"too bad",
    r"(?:no luck|a no|no dice|no go)(?: then)?",
    r"(?:then|so) (?:not|no \w+|there's no(?:ne| \w+))(?: (?:then|for us))?",
    r"won't (?:work|happen) then",
    r"(?:i|we)(?:'ll| will) (?:have to )?(?:do|handle|sort|fix|write|deal with|take care of) (?:it|that"
    r"|this|them) (?:myself|ourselves|by hand|manually|another way|elsewhere|differently)",
    r"i'll (?:ring|call|phone|write to|ask|talk to|contact|go to) (?:him|her|them|\w+) (?:myself|instead)",
    r"waste of time",
    r"abort(?: it| this| that)?(?= *(?:$|[,.;!]))",
    r"(?:not|don\'t|do not|won\'t) (?:to )?(?:pursue|persist)",
    r"go without",
    r"off the table",
    r"(?:it|that|this|everything) (?:just )?stays (?:as (?:it )?is|as it was|broken|like (?:that|this)"
    r"|where it is)",
    r"(?:don\'t|do not|please don\'t|not) (?:spend|waste|invest|put) (?:any )?more (?:time|effort"
    r"|energy)(?: \w+)*",
    r"leave it (?:broken|like that|like this|as is|as it is)",
    r"so be it",
    r"(?<!is )(?<!are )(?<!'s )(?<!good )enough(?: of (?:this|that|it))?(?= *(?:$|[,.!;]))",
    r"(?:i|we) can live(?: with(?:out)?)?(?: \w+)?",
    r"with (?:that|this|\w+) (?:i|we) can live",
    r"(?:throw|chuck|toss) (?:it|that|them|your \w+|the \w+|all of it|everything) (?:out|away)",
    r"(?:going|running|went) (?:round |around )?in circles",
    r"find (?:someone|somebody|something) else",
    r"(?:i|we)(?:\'ll| will) (?:just )?(?:go|drive|look|see|ask|call|check|try)\b[\w ]{0,40} (?:myself"
    r"|ourselves)",
    r"(?:cancel|stop|leave|end|close) it(?:,)? then",
    r"forget (?:i|that i|what i) (?:asked|said)",
    r"no can do",
    r"(?:isn\'t|is not|not) going anywhere",
    r"won\'t bother you",
    r"we tried",
    r"(?:then|so) (?:we|i) (?:don\'t|won\'t|skip|drop|leave)(?: \w+)*",
    r"(?:i|we)(?:\'ll| will) (?:just )?(?:ask|go to|try|use|call|contact|take|buy|get) [\w ]{1,40} instead",
    r"no way around(?: it)?",
    r"that\'s the end of (?:it|that)",
    r"let\'s not(?! (?:forget|rush))\b",
    r"stop (?:trying|it|here|this|that)",
    r"no point",
    r"cut our losses",
    r"dead end",
    r"close (?:it|this|that) as (?:won't ?fix|not planned|unsolved|impossible)",
    r"pull the plug",
    r"not going to happen",
    r"throw it away",
    r"we(?:'ll| will) pass",
    r"i'll pass",
    r"no need (?:any ?more|then|now)",
    r"(?:we|i) (?:can|could)(?:n't| not) (?:change|do|fix|solve|get) it",
    r"moot",
    r"(?:i|we)(?:'ll| will)? hold off(?: on)?(?: \w+)*",
    r"(?:won't|not going to) (?:be able to )?proceed(?: with)?",
    r"what a (?:shame|pity)",
    r"pity",
    r"shame",
    r"i'll (?:consider|think about) my options",
)
_LATER = (
    r"(?:tomorrow|later|tonight|next (?:week|time|month|session)|(?:on )?(?:mon|tues|wednes|thurs|fri"
    r"|satur|sun)day"
    r"|another (?:day|time)|some other time|in the morning|in (?:an?|two|a few|\d+) (?:hours?|minutes?"
    r"|days?|weeks?)"
    r"|after (?:lunch|the|my|that|i)|when i(?:'m| am| get| have|'ve)|soon|shortly|once i)"
)
# What is put off is the work; "I need it tomorrow" and "we meet on Friday" put nothing off.
DEFERS = re.compile(
    r"(?:(?:let's|let us|(?:^|[,;] |\b(?:and|then|ok|okay) )will|\b(?:we|i|you)(?:'ll| will| shall| can"
    r"| could| have to| must| should)?) (?:\w+ )?"
    r"(?:do|finish|continue|resume|pick|carry|get back|come back|look|test|try|check|see|go on|take"
    r"|discuss|review|read"
    rf"|provide|find|gather|decide|talk|leave|keep|think|return|come)\b[^.?!]{{0,60}}\b{_LATER}"
    r"|(?:^|[,;] |\band |\bthen )(?:finish|continue|resume|carry on|go on|the rest|rest|more|remaining"
    r"|the (?:other|remaining) \w+)\b"
    rf"[^.?!]{{0,60}}\b{_LATER}"
    rf"|\b{_LATER}\b[^.?!]{{0,30}}\b(?:we|i)(?:'ll| will| can)\b"
    r"|\b(?:to be continued|pause (?:it|this|here|that)|park (?:it|this|that)|put (?:it|this|that) (?:on hold"
    r"|off|aside)|on hold|(?:leave|stop) it (?:there|here) for|continue (?:in|after|at)\b|sleep on it"
    r"|hold that thought|stop (?:here )?for (?:today|now|tonight)|(?:that's )?enough for (?:today|now)"
    r"|leave (?:it|that|this|the \w+) (?:as it is )?for (?:now|today|tomorrow|later|tonight)"
    r"|get(?:ting)? back to (?:you|this|it)|be in touch|pick (?:this|it|that) (?:back )?up|hold on|hang on"
    r"|wait (?:for|until|till|with)|not (?:yet|now)|let you know|(?:have|need|got|gotta) (?:to )?(?:run"
    r"|dash|go|leave|catch)\b|my (?:train|bus|flight|taxi|meeting|next meeting|battery) (?:is|leaves|goes"
    r"|starts|boards|dies|just|in)|running out of time|call it a (?:day|night)|we'll (?:finish|continue"
    r"|see)))\b"
)
# A first "no" that is no answer: "no re-record, players have saved replays too".
OBJECTS = re.compile(
    r"no (?!problem|worr|rush|need|more|idea|thank|hurry|doubt|matter|issues|errors|complaints|luck"
    r"|surprise|news|one\b|it'?s|that'?s (?:fine|ok|all))"
    r"[a-z]|(?:(?:just|only|but|and) )?(?:one|a|two|some|another|small|little|tiny|minor) (?:small |minor "
    r"|tiny |little |last )?"
    r"(?:correction|tweak|amendment|adjustment|nitpick|nit|edit)s?\b"
)
# The person, not the agent, has something left to do: look at the result.
LOOKS_LATER = re.compile(
    r"\b(?:i|we)(?:'ll| will|'m going to| am going to)? (?:\w+ )?(?:look|check|test|review|read|try|see"
    r"|examine|inspect|verify|go"
    r" (?:through|over)|have a look|take a look|give it a (?:try|spin|go))\b"
)
COMPLAINS = re.compile(
    r"^(?:(?:no+|nope|nah|wrong|nein|hm+|uh|err+|wait|sorry|but|thanks|great|good|nice|ok|okay|well"
    r"|actually|and|oh)\b[\s,.:!-]*)*(?:"
    r"(?<=no)[!,.]|not so (?:fast|quick)|not (?:quite|what|right|good|like|the|that|a |an |in |on |yet"
    r"|correct|there|really"
    r"|working|fixed|\w+[,.])|wrong\b|that(?:'s| is) (?:not|wrong|incorrect|the wrong|the old|still"
    r"|nonsense|rubbish|too)|that isn't|that(?:'s| is) (?:last|yesterday's|(?:\w+ )?(?:week|month|year)'s"
    r"|from (?:last|yesterday)|for the wrong)|it(?:'s| is) (?:now )?(?:giving|throwing|showing|returning"
    r"|printing|missing|failing|crashing)|why (?:is|are|does|do|isn't|aren't|doesn't) (?:it|this|that"
    r"|there|they|the)\b|(?:this|that|it) cannot be|this (?:is not|isn't|is wrong|is still)|it(?:'s"
    r"| is) (?:still|not|wrong)|it (?:still|doesn't|didn't|does not|did not|broke|crash|fail)"
    r"|still (?:not|no|fail|broken|wrong|get|see|the same|nothing|red|crash|shows|says|doesn't|does not"
    r"|throws|there|missing|off)|same (?:error|problem|issue|thing|result|failure)|doesn't|does not work"
    r"|didn't|did not work|you (?:forgot|missed|broke|didn't|did not|haven't|left out|skipped|ignored"
    r"|misread|misunderstood|changed|deleted|removed|dropped|put|used|were supposed|should(?:n't)? have)"
    r"|(?:i|we) (?:said|asked|told you|meant|wanted)\b"
    r"|why (?:did|have|are) you|what (?:did you do|have you done|happened to)|undo|revert|roll (?:it|that"
    r"|this) back|redo|try again|incorrect|nonsense|rubbish|hallucinat|that can't be|can't be right"
    r"|i don't think (?:that|so|it)|are you sure|really\?|probably\?|huh|come on(?= *(?:$|[,.!?]))"
    r"|no way\b|never\b\W*$"
    r"|didn't you (?:say|fix|do|change|tell|promise)|wasn't (?:it|that|this)|i thought (?:you|we|it|that"
    r"|this)|you (?:said|told me|promised|claimed)|how come\b|what\?|seriously|ugh|impossible|surely not"
    r"|there (?:might be|is|has been) (?:a |some )?(?:misunderstanding|mix-?up|confusion))"
)
COMPLAINS_ANYWHERE = word(
    r"still (?:fails?|failing|broken|wrong|red|crash(?:es|ing)?|not (?:working|right|fixed|there)"
    r"|doesn't work|does not work|the same (?:error|problem)|shows the old|missing)",
    r"(?:does|did)(?:n't| not) (?:work|help|fix|change anything|add up|match|compile|run|load|build)",
    r"not what i (?:asked|wanted|meant|said)",
    r"isn't (?:right|correct|what)",
    r"(?:is|are) not (?:right|correct|what|true|the (?:right|one))(?: \w+)*",
    r"cannot be (?:right|correct|true)",
    r"(?:gives?|giving|throws?|throwing|getting|get) (?:me |us |them )?(?:a|an|the same) (?:\w+ )?(?:error"
    r"|\d{3}|exception|warning|failure)",
    r"(?:is|are|looks?|seems?|was|were|comes? out) (?:all |completely |totally |plain |simply |still "
    r"|also |now )?(?:wrong|incorrect|off by)",
    r"broke(?:n)? (?:again|now|the)",
    r"fails? again",
    r"worse",
    r"should(?:n't| not) (?:be|have)",
    r"you forgot",
    r"you missed",
    r"(?:misspelled|misspelt|mistyped|mislabell?ed)",
    r"you(?:'ve| have)? (?:put|used|got|made|written|taken|mixed|swapped) [\w ]{0,40}(?:wrong|instead|up)",
    r"(?:the )?same (?:thing|error|result|message|problem) (?:again|as before)",
    r"try again",
    r"came back(?: again)?",
    r"happened again",
    r"not (?:fixed|finished|solved|done)(?: (?:yet|after all))?",
    r"isn't (?:done|finished|fixed|solved)(?: \w+)*",
    r"makes no sense",
    r"no good",
    r"unacceptable",
    r"disappointed",
    r"reappeared",
    r"no way",
    r"can't be(?: right| true)?",
    r"come on(?= *(?:$|[,.!?]))",
    r"didn't you (?:say|fix|do|change|tell|promise)",
    r"you (?:said|told me|promised) (?:it|that|you|this)",
    r"i thought (?:you|we|it|that|this) (?:had|fixed|was|were|did|changed)",
)
REOPENS = word(
    r"after all",
    r"not so (?:fast|quick)(?:ly)?",
    r"too (?:early|soon) to (?:say|celebrate|tell)",
    r"(?:come|came|coming|go|going|get|getting) back to(?: the| that| my)?",
    r"back to (?:the|that|my|our)",
    r"from earlier",
    r"from before",
    r"earlier (?:one|thing|today)?",
    r"spoke too soon",
    r"turns out",
    r"re-?open(?:s|ed|ing)?",
    r"is(?:n't| not) (?:done|finished|fixed|solved|over)",
    r"(?:broke|broken|failing|fails|failed|down|red|wrong|back|crashed) again",
    r"again (?:broken|failing|down|red)",
    r"regress(?:ed|ion|es)?",
    r"you (?:fixed|changed|sent|made|did|wrote|booked|refunded) (?:earlier|before|just now)",
    r"about (?:that|the) .{2,40} (?:you|we) (?:fixed|did|made|sent|changed)",
    r"still (?:fails?|broken|not|wrong)",
    r"was too (?:early|quick|soon)",
    r"didn't you (?:say|fix|do|change|tell|promise)",
    r"you (?:said|told me|promised) (?:it|that|you|this)",
    r"i thought (?:you|we|it|that|this) (?:had|fixed|was|were|did|changed)",
    r"(?:just )?(?:paged|happened|crashed|failed|came back|broke|complained)(?: \w+)? again",
    r"the same (?:error|problem|thing|issue|alert) again",
    r"not (?:finished|done|fixed) (?:after all|yet)",
)
GOES = re.compile(
    r"(?:yes|yep|yeah|yup|ya|ja|si|oui|sure|ok(?:ay)?|go|go ahead|go for it|go on|do (?:it|that|so|both"
    r"|them)|please (?:do|go|proceed|continue|confirm)|proceed|continue|carry on|keep going|confirm(?:ed)?"
    r"|i confirm|approved?|agreed|correct|right|exactly|absolutely|definitely|of course|by all means"
    r"|make it so|fire away|let's (?:go|do)"
    r"|sounds good|fine by me|works for me|that works|that's fine|the (?:first|second|third|last|former"
    r"|latter|other|cheaper|cheapest|fastest|earlier|later) (?:one|option)?|option \w+|both|either|neither"
    r"|all of (?:them|it)|none|a|b|c|\d{1,2}|no)(?![\w'])"
)

# Praise that says: not there yet.
ALMOST = re.compile(
    r"\b(?:(?:nice|good|great|promising) (?:start|beginning|first (?:draft|cut|pass|version|attempt|step))"
    r"|almost|nearly|getting (?:there|closer|warmer)|close(?:r)?(?:,| but|$| enough, but)|not bad|halfway"
    r"|better)\b"
)
