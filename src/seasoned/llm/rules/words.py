"""What people say to an agent: the lexicons of the rules engine, as compiled patterns.

Patterns run on single sentences in lower case with plain apostrophes (see `sentences`), so none ever sees more than a
few hundred characters.
"""

import re


def _any(*parts: str) -> str:
    return "|".join(parts)


def _word(*parts: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w'])(?:{_any(*parts)})(?![\w'])")


# Words that open a sentence without meaning: they are stepped over before the first real word is looked at.
LEAD = re.compile(
    r"(?:(?!(?:next|first|last|second|this|any|every|each) time\b)(?:ok(?:ay)?|k|kk|right|alright|all right|so|well|hmm*|mm+|mhm|ah+|oh|uh|um|er|btw|by the way|hey|hi+|hello|hiya|yo|dear \w+"
    r"|hallo|moin|good (?:morning|afternoon|evening|day)|morning|evening|afternoon|greetings|and|then|now|anyway|anyways|also|just|but"
    r"|actually|basically|please|pls|plz|kindly|sorry|sure|yes|yep|yeah|yup|ya|no|nope|nah|great|good|cool|nice|perfect|fine|lovely|brilliant|excellent"
    r"|awesome|super|(?:thanks|thank you|thx|cheers|ta)(?=\s*(?:[,.!;:-]|$))|first(?:ly)?(?=[,: ])|first of all|(?:second|third|fourth)(?:ly)?(?=[,:])|finally|lastly|next(?: up| one)?"
    r"|quick(?: one| question)?|real quick|real work|one more(?: thing)?|another (?:thing|one)|last (?:thing|one)|team|all|everyone|folks|there|again|maybe"
    r"|tonight|today|this (?:morning|afternoon|evening)|same here|in that case|instead|meanwhile|for now|could be|if (?:you can|possible)"
    r"|note that|note(?= (?:it|this|the|that|all|everything)\b)|please be informed(?: that)?|fyi|for your information|i(?:\'d| would) like to inform you(?: that)?|just to let you know(?: that)?|just (?:a )?(?:heads[- ]up|fyi)|when you(?: have|'ve got| get) (?:a )?(?:minute|moment|sec|second|time|chance)|whenever you can)\b(?!'\w)[\s,:.!;-]*)+"
)

GREETING = re.compile(
    r"(?:hi|hey|hello|hiya|hallo|yo|howdy|greetings|good (?:morning|afternoon|evening|day)|morning|evening|afternoon|dear|moin|salut|hola"
    r"|servus|bonjour|ciao|namaste|g'day|sup)\b(?:[ ,]+(?:there|all|again|team|everyone|folks|guys|mate|claude|assistant|agent|bot|friend|\w+))?"
    r"[\s,.!:;-]*"
)

# Only pleasantries: such a sentence asks for nothing and states nothing lasting.
SMALL_TALK = _word(
    r"how are you(?: \w+)?",
    r"how(?:'s| is) it going",
    r"how do you do",
    r"how have you been",
    r"how was your \w+",
    r"what's up",
    r"nice to meet you",
    r"good ?night",
    r"gn8?",
    r"night night",
    r"see you(?: \w+)?",
    r"see ya",
    r"cya",
    r"bye(?:-?bye)?",
    r"goodbye",
    r"take care",
    r"talk (?:to you )?(?:soon|later)",
    r"ttyl",
    r"talk (?:to you )?(?:on )?(?:soon|later|tomorrow|\w+day)",
    r"off (?:for|until|till|home|on)\b",
    r"have a (?:nice|good|great|lovely|wonderful)(?: \w+){0,2}",
    r"same to you",
    r"you too",
    r"likewise",
    r"welcome (?:back|aboard)",
    r"happy (?:friday|monday|new year|birthday|holidays)",
    r"long day",
    r"what a (?:day|week|morning|night|mess|relief)",
    r"(?:the )?(?:weather|rain|snow|sun|coffee|lunch|weekend|traffic)",
    r"raining",
    r"pouring",
    r"hammering down",
    r"snowing",
    r"lol",
    r"haha+",
    r"hehe+",
    r"rofl",
    r"off to (?!(?:do|fix|write)\b)\w+",
    r"i'm off",
    r"i am off",
    r"heading (?:out|home|off)",
    r"going home",
    r"gotta (?:go|run)",
    r"brb",
    r"afk",
    r"out for lunch",
    r"back in (?:a|an|\d+)",
    r"enjoy",
    r"cheers all",
    r"are you (?:there|a bot|human|awake|ready)",
    r"who are you",
    r"i'm (?:back|here|new here|tired|hungry)",
    r"glad (?:i'm|to)",
    r"hope (?:you|all|this|your)",
    r"no worries",
    r"no problem",
    r"i'm (?:over )?(?:in|at) (?:the|a) \w+",
)

# --- verdicts ---------------------------------------------------------------------------------------------------------

THANKS = _word(
    r"thanks?(?! in advance| for (?:looking|checking|fixing|helping me with|taking a look))(?: (?:you|u|a lot|so much|a million|a bunch|very much|again|mate|loads|heaps))*",
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
    r"you(?:'re| are) (?:a )?(?:star|legend|lifesaver|life saver|hero|genius|the best|brilliant|amazing|champ|gem)",
    r"bless you",
    r"kudos",
    r"props",
    r"saved my (?:day|life|bacon|neck)",
)
PRAISE = _word(
    r"perfect(?:ly|ion|o)?",
    r"brill",
    r"(?:so |much |way |far )+better",
    r"that (?:was|is) (?:quick|fast|easy|painless|great|good|helpful)",
    r"that (?:solves|fixes|settles|answers|covers|sorts|helps|explains|does|clears)(?: (?:it|that|everything|a lot|up|out|my \w+|the \w+|for me))*",
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
    r"neat",
    r"sweet",
    r"(?:looks?|sounds|seems|reads|feels) (?:really |very |much |so much |all |pretty )?(?:good|great|right|fine|perfect|nice|lovely|better|clean|ok|okay|correct|excellent|solid|brilliant)",
    r"lgtm",
    r"ship it",
    r"good enough",
    r"good to go",
    r"that'?ll do(?: nicely)?",
    r"that will do",
    r"does the (?:job|trick)",
    r"(?:that )?did (?:it|the (?:trick|job))",
    r"that(?:'s| is| was| would be| will be|'ll be|'d be) (?:it|all|everything|the one|the ticket|the fix|what i)",
    r"a treat",
    r"a charm",
    r"couldn't be better",
    r"better than (?:i )?(?:hoped|expected)",
)
# States of the world that say the thing is done: "it works", "all green", "rc1 is live", "I see it".
WORKS = _word(
    r"(?:it|that|this|everything|all|they|both|which|and|now|page|build|login|\w+)(?:'s| is| are)? (?:now )?(?:works?|worked|working)(?: (?:now|again|fine|here|great|perfectly|well|like|too|for (?:me|us|him|her|them)|as|nicely|flawlessly))*",
    r"works",
    r"worked",
    r"working (?:now|again|fine|great)",
    r"(?:is|are|it's|that's|they're|we're|all|now|went|came (?:back|up|out)|looking|back|everything(?:'s)?|stays|both|which is|turned) (?:all |now |fully |back |indeed |finally |nice and |completely )*(?:green|live|up|online|stable|fixed|resolved|solved|sorted(?: out)?"
    r"|settled|healthy|fine|good|clean|correct|accurate|complete|closed|merged|shipped|sent|paid|booked|signed|published|done|finished|filed|in place|out the door|through|approved|passing|well|smoothly|quiet)",
    r"all (?:good|set|green|done|sorted|clear|fine|there|in order|correct|checks out|pass(?:es|ed|ing)?|ok|okay|right|works)",
    r"sorted",
    r"solved",
    r"resolved",
    r"fixed",
    r"no more (?:errors?|complaints?|warnings?|issues?|problems?|diffs?|alerts?|failures?)",
    r"no (?:errors?|complaints?|warnings?|issues|problems|diffs?|alerts?|failures?) (?:now|anymore|any more|since|here|left|either)",
    r"(?:problem|issue|error|bug|warning|alert|noise) (?:is |has )?(?:gone|solved|fixed|resolved|disappeared)",
    r"(?:is|it's|they're|are) gone(?: now)?",
    r"i (?:can |do )?see (?:it|them|the|that it|both|all)(?: \w+)*",
    r"(?:can|could) see (?:it|them|the \w+)",
    r"(?:got|have|has) (?:it|them|the (?:mail|email|file|report|refund|money|label|link|invite|parcel|invoice))(?: (?:now|here|thanks|all))?",
    r"received(?: it)?",
    r"(?:it|they|mail|everything|parcel|money|file|report)(?:'s| has| have)? (?:just )?(?:arrived|landed|come through|came through|went through|gone through|gone out|went out)",
    r"(?:went|came) through",
    r"(?:checks|adds|ties|lines) (?:out|up)(?: \w+)?",
    r"(?:tallies|balances|reconciles|matches|match|agrees)(?: (?:now|the|our|my|with|what|up|to)(?: \w+)*)?",
    r"add up",
    r"reproducible here",
    r"pass(?:es|ed|ing)? (?:now|here|again|too|everywhere|for me|locally)",
    r"(?:tests?|checks?|build|pipeline|ci|suite|everything|type-checks?|compiles|renders|loads|runs|opens|imports|parses|starts|boots|builds|prints|scans) (?:all |again |now |fine|pass(?:es|ed)?|clean(?:ly)?|here|ok|okay|green|correctly|without)+(?: \w+)*",
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
    r"(?:they|he|she|customer|client|boss|team|finance|everyone|everybody|\w+)(?:'s| is| are|'re) (?:very |really |so |already |all )?(?:happy|pleased|delighted|thrilled|over the moon|satisfied)(?: \w+)*",
    r"(?:says|said|sends) (?:thanks|thank you)",
    r"up to date now",
    r"(?:zero|0) (?:failures?|errors?|complaints?|diffs?|warnings?|issues)",
    r"(?:replied|answered|wrote back) and (?:agreed|accepted|confirmed)",
    r"(?:went|gone) (?:really |very )?well",
    r"no complaints?(?: from \w+| here| at all)?",
    r"i can confirm",
    r"(?:went|gone|gone|all) out(?: (?:today|now|this morning|already|to \w+))?",
    r"tie[sd]? out",
    r"(?:it|this|that|they|both|everything|the \w+|\w+) (?!was\b|is\b|has\b|does\b|keeps\b|fails\b|crashes\b|hangs\b|breaks\b|says\b|shows\b|gives\b|throws\b|needs\b|looks\b|seems\b|works\b)\w+s (?:(?:just |all |perfectly )?fine|correctly|properly|as expected|perfectly|cleanly|flawlessly|nicely)(?: now| again)?",
    r"it (?:prints|loads|opens|starts|runs|boots|connects|syncs|compiles|renders|builds|plays|prints|saves|sends|shows up|parses|fits|scans|uploads|downloads|installs) (?:now|again)",
    r"(?:they|he|she|(?:the|my|our) \w+|everyone|everybody|client|customer|boss) (?:has |have |just |all |already |also )*(?:approved|accepted|signed(?: off)?|confirmed|agreed|loved|liked|got it)",
)
# What a person did with the result; counts at the start of a clause or after a subject.
DONE_VERBS = (
    r"sent|merged|pushed|posted|published|deployed|shipped|released|approved|signed(?: off)?|closed|closing|submitted|filed|uploaded|tagged|booked|paid|printed|forwarded|passed (?:it |that |them )?(?:on|along)"
    r"|installed|imported|applied|accepted|handed (?:it |them )?(?:in|over|off)|delivered|presented|emailed|mailed|shared|saved|archived|committed|rolled out|scheduled|promoted|ticked off|crossed off|marked (?:it )?(?:as )?done"
    r"|it's in|copied it over|pasted it in|all in|downloaded(?: it)?|done(?: and dusted)?|job done|finished|sorted"
)
DID = re.compile(
    rf"(?:^|[,.;:]\s*|\b(?:and|ok|okay|great|good|perfect|thanks|now|just|already|i|i've|i have|i've just|we|we've|we have|he|she|they|he's|she's|they've|boss|that's|that is|it's|is|are|was|been|all) )(?:{DONE_VERBS})(?![\w'])(?! (?:you\b|to you|the \w+ to you|yesterday|(?:it|them) to you|in the wrong|to the wrong))"
)
ACCEPT_WEAK = re.compile(
    r"(?:ok(?:ay)?|k|kk|good|fine|great|nice(?: one)?|cool|right|alright|all right|yep|yes|yeah|yup|aye|understood|noted|seen|got it|gotcha|roger|copy(?: that)?|fair enough|i see|sure|makes sense|will do"
    r"|agreed|indeed|correct|that's (?:good|fine|ok|okay|right|great|nice|helpful)|very (?:good|helpful)|helpful|sounds? good|okey ?dokey|👍|👌|✅|🙏|🎉)(?![\w'])"
)
GIVES_UP = _word(
    r"drop (?:it|that|this|the (?:idea|whole thing|plan|matter|subject|topic|thing|request|attempt|effort|project|feature|case|rest))",
    r"forget (?:it|about (?:it|that)|that|this|the whole thing)",
    r"leave (?:it|that|this|them)(?: (?:then|be|there|at that|as (?:it )?is|alone|for good|out))?(?= *(?:$|[,.;!]| and | then| i'))",
    r"never ?mind",
    r"nvm",
    r"skip (?:it|that|this)",
    r"scrap (?:it|that|this|the (?:idea|whole thing|plan|matter|subject|topic|thing|request|attempt|effort|project|feature|case|rest))",
    r"abandon (?:it|that|this|the (?:idea|whole thing|plan|matter|subject|topic|thing|request|attempt|effort|project|feature|case|rest))",
    r"giv(?:e|ing) (?:it )?up",
    r"gave up",
    r"(?:we|i)(?:'ll| will| can| have to| must) (?:just )?(?:do|live|manage|cope|make do) (?:without|with)(?: \w+)?",
    r"do without",
    r"(?:isn't|not|is not|wasn't) worth (?:it|the)(?: \w+)?",
    r"don't bother",
    r"won't bother",
    r"let(?:'s| us)? (?:it go|forget(?: about)? (?:it|that)|drop (?:it|that)|leave (?:it|that)|not bother|scrap (?:it|that)|call it off|abandon (?:it|that))",
    r"let it go",
    r"call it off",
    r"shelve (?:it|that|this)",
    r"bin (?:it|that)",
    r"kill (?:it|that idea)",
    r"can't be helped",
    r"too bad",
    r"(?:no luck|a no|no dice|no go)(?: then)?",
    r"(?:then|so) (?:not|no \w+|there's no(?:ne| \w+))(?: (?:then|for us))?",
    r"won't (?:work|happen) then",
    r"(?:i|we)(?:'ll| will) (?:have to )?(?:do|handle|sort|fix|write|deal with|take care of) (?:it|that|this|them) (?:myself|ourselves|by hand|manually|another way|elsewhere|differently)",
    r"i'll (?:ring|call|phone|write to|ask|talk to|contact|go to) (?:him|her|them|\w+) (?:myself|instead)",
    r"waste of time",
    r"abort(?: it| this| that)?(?= *(?:$|[,.;!]))",
    r"(?:not|n\'t|won\'t) (?:to )?pursue",
    r"go without",
    r"off the table",
    r"(?:it|that|this|everything) (?:just )?stays (?:as (?:it )?is|as it was|broken|like (?:that|this)|where it is)",
    r"(?:don\'t|do not|please don\'t|not) (?:spend|waste|invest|put) (?:any )?more (?:time|effort|energy)(?: \w+)*",
    r"leave it (?:broken|like that|like this|as is|as it is)",
    r"so be it",
    r"find (?:someone|somebody|something) else",
    r"(?:i|we)(?:\'ll| will) (?:just )?(?:go|drive|look|see|ask|call|check|try)\b[\w ]{0,40} (?:myself|ourselves)",
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
DEFERS = re.compile(
    r"(?:(?:do|finish|continue|resume|pick|carry|get back|come back|look|test|try|check|see|go on|take|discuss|the rest|rest of|other \w+|remaining|more|provide|find|gather|decide|rest)\b[^.?!]{0,60}\b(?:tomorrow|later|tonight|next (?:week|time|month|session)|"
    r"(?:on )?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)|another (?:day|time)|some other time|in the morning|after (?:lunch|the|my|i)|when i(?:'m| am| get| have)|soon|shortly|once i)"
    r"|(?:tomorrow|later|next week|another day|monday|in the morning)\b[^.?!]{0,30}\b(?:we|i)(?:'ll| will| can)\b"
    r"|to be continued|pause (?:it|this|here|that)|park (?:it|this|that)|put (?:it|this|that) (?:on hold|off|aside)|on hold|(?:leave|stop) it (?:there|here) for|continue (?:in|after|at)\b|sleep on it|hold that thought|stop (?:here )?for (?:today|now|tonight)|(?:that's )?enough for (?:today|now)|leave (?:it|that|this|the \w+) (?:as it is )?for (?:now|today|tomorrow|later|tonight)"
    r"|get(?:ting)? back to (?:you|this|it)|be in touch|pick (?:this|it|that) (?:back )?up|hold on|hang on|wait (?:for|until|till|with)|not (?:yet|now)|let you know|(?:have|need|got|gotta) (?:to )?(?:run|dash|go|leave|catch)\b|my (?:train|bus|flight|taxi|meeting|next meeting|battery) (?:is|leaves|goes|starts|boards|dies|just|in)|running out of time|call it a (?:day|night)|we'll (?:finish|continue|see))\b"
)
COMPLAINS = re.compile(
    r"^(?:(?:no+|nope|nah|wrong|nein|hm+|uh|err+|wait|sorry|but|thanks|great|good|nice|ok|okay|well|actually|and|oh)\b[\s,.:!-]*)*(?:"
    r"(?<=no)[!,.]|not (?:quite|what|right|good|like|the|that|a |an |in |on |yet|correct|there|really|working|fixed|\w+[,.])|wrong\b|that(?:'s| is) (?:not|wrong|incorrect|the wrong|the old|still|nonsense|rubbish|too)|that isn't|that(?:'s| is) (?:last|yesterday's|(?:\w+ )?(?:week|month|year)'s|from (?:last|yesterday)|for the wrong)|it(?:'s| is) (?:now )?(?:giving|throwing|showing|returning|printing|missing|failing|crashing)|why (?:is|are|does|do|isn't|aren't|doesn't) (?:it|this|that|there|they|the)\b|(?:this|that|it) cannot be|this (?:is not|isn't|is wrong|is still)|it(?:'s| is) (?:still|not|wrong)|it (?:still|doesn't|didn't|does not|did not|broke|crash|fail)"
    r"|still (?:not|no|fail|broken|wrong|get|see|the same|nothing|red|crash|shows|says|doesn't|does not|throws|there|missing|off)|same (?:error|problem|issue|thing|result|failure)|doesn't|does not work|didn't|did not work|you (?:forgot|missed|broke|didn't|did not|haven't|left out|skipped|ignored|misread|misunderstood|changed|deleted|removed|dropped|put|used|were supposed|should(?:n't)? have)|(?:i|we) (?:said|asked|told you|meant|wanted)\b"
    r"|why (?:did|have|are) you|what (?:did you do|have you done|happened to)|undo|revert|roll (?:it|that|this) back|redo|try again|incorrect|nonsense|rubbish|hallucinat|that can't be|can't be right|i don't think (?:that|so|it)|are you sure|really\?|probably\?|huh|come on\b|no way\b|never\b\W*$|didn't you (?:say|fix|do|change|tell|promise)|wasn't (?:it|that|this)|i thought (?:you|we|it|that|this)|you (?:said|told me|promised|claimed)|how come\b|what\?|seriously|ugh|impossible|surely not|there (?:might be|is|has been) (?:a |some )?(?:misunderstanding|mix-?up|confusion))"
)
COMPLAINS_ANYWHERE = _word(
    r"still (?:fails?|failing|broken|wrong|red|crash(?:es|ing)?|not (?:working|right|fixed|there)|doesn't work|does not work|the same (?:error|problem)|shows the old|missing)",
    r"(?:does|did)(?:n't| not) (?:work|help|fix|change anything|add up|match|compile|run|load|build)",
    r"not what i (?:asked|wanted|meant|said)",
    r"isn't (?:right|correct|what)",
    r"(?:is|are) not (?:right|correct|what|true|the (?:right|one))(?: \w+)*",
    r"cannot be (?:right|correct|true)",
    r"(?:gives?|giving|throws?|throwing|getting|get) (?:me |us |them )?(?:a|an|the same) (?:\w+ )?(?:error|\d{3}|exception|warning|failure)",
    r"(?:is|are|looks?|seems?|was|were|comes? out) (?:all |completely |totally |plain |simply |still |also |now )?(?:wrong|incorrect|off by)",
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
    r"come on",
    r"didn't you (?:say|fix|do|change|tell|promise)",
    r"you (?:said|told me|promised) (?:it|that|you|this)",
    r"i thought (?:you|we|it|that|this) (?:had|fixed|was|were|did|changed)",
)
REOPENS = _word(
    r"after all",
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
    r"(?:yes|yep|yeah|yup|ya|ja|si|oui|sure|ok(?:ay)?|go|go ahead|go for it|go on|do (?:it|that|so|both|them)|please (?:do|go|proceed|continue|confirm)|proceed|continue|carry on|keep going|confirm(?:ed)?|i confirm|approved?|agreed|correct|right|exactly|absolutely|definitely|of course|by all means|make it so|fire away|let's (?:go|do)"
    r"|sounds good|fine by me|works for me|that works|that's fine|the (?:first|second|third|last|former|latter|other|cheaper|cheapest|fastest|earlier|later) (?:one|option)?|option \w+|both|either|neither|all of (?:them|it)|none|a|b|c|\d{1,2}|no)(?![\w'])"
)

# --- requests ---------------------------------------------------------------------------------------------------------

NEW_MARK = re.compile(
    r"(?!(?:next|first|last|second|another|final|different) time\b)(?:next(?: up| one| thing| task| case| item| ticket)?\b(?=\s*(?:[:,.-]|$|i|can|could|the|please|is|,|we|there|up))|now(?: for| on to| to)?(?: the| something| another)?\b(?!\s*(?:it|that|this|they|works?|all|i (?:see|get|understand))\b)|(?:the )?(?:second|third|fourth|other|next|last|final|another|new|different|separate) (?:thing|task|one|job|item|topic|question|request|issue|case|point|subject|matter|problem|order|ticket|bug)\b"
    r"|one (?:other|last|final|oddity|further)(?: thing| question| item| request| task)?\b|another\b|separately|unrelated(?:ly)?|(?:first|second|third|fourth|fifth)(?:ly)?:|(?:that|this) aside|(?:apart|aside|other than) (?:from )?that|while you(?:'re| are) (?:there|in there|on it)|on (?:a|an)(?:other| different| unrelated| separate| new) (?:note|topic|matter|subject)|different (?:topic|question|thing|subject)|moving on|move on|on to|onto|while (?:i'm|you're|i am|you are|we're|we are) at it|while i have you|before (?:i|we|you) (?:go|finish|leave|forget)|something (?:else|different)"
    r"|new (?:topic|question|task|one|request|issue|case|ticket|subject)|change of (?:topic|subject)|real work|right,? first one|first one|let's (?:move|turn|go) (?:on|to)|in other news|also,? (?:separately|unrelated)|besides|additionally|meanwhile|quick (?:one|question|favou?r)|small (?:one|thing|favou?r)|last (?:thing|one)|finally|lastly|then(?: there's|:))"
)
# "again" asks for the same kind of thing anew; these words point into what was just talked about.
MORE_MARK = re.compile(
    r"(?:(?:and )?(?:one|two|three|a (?:few|couple)(?: of)?) (?:more |other |last )?(?:thing|point|request|question|change|wish|detail|remark)e?s?\b|(?:one|two|three|a few) more\b)"
)
# Praise that says: not there yet.
ALMOST = re.compile(
    r"\b(?:(?:nice|good|great|promising) (?:start|beginning|first (?:draft|cut|pass|version|attempt|step))|almost|nearly|getting (?:there|closer|warmer)|close(?:r)?(?:,| but|$| enough, but)|not bad|halfway|better)\b"
)
REFERS_BACK = _word(
    r"it",
    r"its",
    r"that",
    r"this",
    r"them",
    r"those",
    r"these",
    r"they",
    r"the same",
    r"same",
    r"too",
    r"as well",
    r"instead",
    r"there",
    r"one of them",
    r"both",
    r"so",
    r"such",
    r"him",
    r"her",
    r"the (?:other|first|second|last|rest|result|output|file|draft|report|table|chart|plot|mail|reply|answer|list|query|test|tests|script|page|column|columns|text|subject line|title|version|numbers?)",
)
CONTINUES = re.compile(
    r"(?:and|but|or|add|also add|make (?:it|that|them|the)|change (?:it|that|the)|use|try|keep|except|only|without|with|plus|include|put|rename (?:it|that)|move (?:it|that)|same|like|as|not|no|instead|rather|better|shorter|longer|more|less|go|do (?:it|that)|because|since|for|in|on|which|hmm*|what about|how about|can't you|couldn't you|why|probably|maybe|actually|two (?:more )?things|one (?:change|detail|correction|tweak|small|remark))(?![\w'])"
)

_VERBS = """
accept activate add adjust advise align allow analyse analyze annotate answer append apply approve archive arrange ask assemble assess assign attach audit automate backfill back balance benchmark bisect block book boot
break build bulk bump calculate call cancel capture change charge chart chase check choose cite clarify classify clean cleanup clear clone close code collect combine come compare compile complete compose compress compute configure
confirm connect consolidate contact continue convert cook copy correct count cover crawl create crop cross-check cut cutover deal debug decide decline decrease dedupe deduplicate define delay delete deliver demote deny deploy describe design
detect determine develop diagnose diff dig disable discard dispatch display distribute dive divide document double double-check download downgrade draft draw drop dump duplicate edit elaborate email empty enable encrypt enlarge ensure enter escalate estimate evaluate
examine exchange exclude execute expand expire explain explore export extend extract fetch figure file fill filter finalise finalize find finish fix flag flip fold follow forecast format forward free generate get give go group grab grep guess hand handle
help hide highlight hunt identify import improve include increase index inform initialise initialize insert inspect install instrument integrate introduce investigate invite invoice isolate issue join keep label launch lay lead learn let link
list load localise localize locate lock log look lower mail maintain make manage map mark match measure merge message migrate minimise minimize mock modernise modernize modify monitor mount move name narrow negotiate normalise normalize note notify number obtain offer open
optimise optimize order organise organize outline overwrite pack package paint paraphrase parse paste patch pay perform pick pin ping place plan plot point polish port post postpone prepare present preview price print prioritise prioritize process produce profile promote
prompt proofread propose prove provide provision prune publish pull purge push put query queue quote raise rank rate re-run read reassign rebase rebook rebuild recalculate recheck recommend reconcile record recover redact redeploy redesign redirect redo reduce refactor refer
refine refresh refund regenerate register reject relabel release reload remind remove rename render renew reopen reorder reorganise repair repeat rephrase replace reply report repost reproduce request rerun reschedule research resend reserve reset resize resolve respond restart restock
restore restructure resubmit retrieve retry return reverse review revise revoke rewrite ring roll rotate route run sanity-check save scaffold scale scan schedule scrape script search secure see seed segment select sell send separate serve set setup share ship shorten show shrink shut
sign simplify simulate sketch skip slice snapshot solve sort source specify spell spin split stage start stop store strip structure style submit subscribe subtract suggest sum summarise summarize supply support suspend swap switch sync synchronise synchronize tabulate tag take talk
tally teach tell test text throttle tidy tighten time top total trace track train transcribe transfer transform translate trigger trim troubleshoot try tune turn tweak type unblock undo unify uninstall unlock unpack unpin unsubscribe untangle update upgrade upload use validate vectorise
verify view visit visualise visualize void walk warn watch weigh whip whitelist wire work wrap write zip zero halve triple bring rearrange reach remake reformat retitle retag rescale resample reindex reimport retrain rework sort-out look-up lookup crosscheck shift push-back hold free-up tidy-up
""".split()
VERBS = frozenset(_VERBS)
IMPERATIVE = re.compile(
    rf"(?:do (?:the|a|an|this|that|both|all|me|us|some|my|our)|{'|'.join(sorted(map(re.escape, VERBS), key=len, reverse=True))})(?![\w'-])(?!\s*(?:is|are|was|were|has|have|did|does|says|said|of|and (?:right|correct|complete|clear|clean)|now|again|here|enough|too|for me|went|came|seems?|looks?)\b)"
)
# Wherever it stands in a clause, somebody wants something done.
DEMANDS = _word(
    r"(?:can|could|would|will|might) (?:you|u|we|someone|somebody)(?! (?:believe|imagine)\b)",
    r"(?:can't|couldn't) (?:you|we)",
    r"(?:can|could|may) i (?:get|have|see|ask|also|please|still|just|use|change|add)",
    r"would you mind",
    r"(?:it )?(?:would|'d) be (?:great|nice|good|helpful|lovely|cool|awesome|ideal) (?:if|to|having)",
    r"(?:we|you) should(?! have)(?: \w+){2,}",
    r"(?:i|we)(?:'d| would)? (?:really |also |just |still |only )?(?:want|need|like|love)(?! (?:it|that|this)\b *$)",
    r"(?:i|we)(?:'d| would) (?:like|love|want|prefer|appreciate)",
    r"i wanna",
    r"(?:i|we)(?: was| were| am| are|'m|'re) (?:hoping|looking (?:for|to)|trying to|wondering|after)",
    r"(?:i|we) (?:have|need|got) to(?! (?:run|go|say|leave|dash|admit|think|ask|check))",
    r"let's",
    r"lets",
    r"let us",
    r"help (?:me|us)(?: with| to| out)?",
    r"please",
    r"pls",
    r"plz",
    r"any (?:chance|idea|way) (?:you|of|that|to|we|why|how|what)",
    r"is it possible",
    r"(?:struggling|stuck|trouble|hard time) (?:with|to|getting)",
    r"needs? (?:a|an|the|some|to be|your|new|more|another|\w+(?:ed|ing))",
    r"wants?(?: (?:a|an|the|to|his|her|their|its|it|some|your|our))",
    r"wondering (?:if|whether|why|how|what)",
    r"(?:your|the) (?:task|job|mission) (?:is|now)",
    r"(?:task|todo|to-do|goal|job|request|question)\s*:",
    r"(?:must|has to|have to|needs to|ought to) (?:be|go|get)",
    r"sort (?:him|her|them|this|it|that) out",
    r"i'd be (?:grateful|glad|happy) (?:if|for|to have)",
)
# At the start of a clause: a question, or a wish without a subject.
QUESTIONS = re.compile(
    r"(?:(?:what|which|who|whose|where|when|why|how)(?:'s|'re|'d|s)?|any (?:news|update|idea)|is there|are there|is (?:the|it|this|that|he|she|our|my)|are (?:the|we|they|our|my|these|those)|was (?:the|it|there)|were (?:the|we|they)|do (?:we|they|you|i)|does (?:the|it|this|that|he|she|anyone|our|my)|did (?:we|the|it|he|she|they|anyone|you|i)|have (?:we|they|you)|has (?:the|it|he|she|anyone|our|my)|can (?:i|it|they|the|this)|should (?:i|we|it|the))(?![\w'])"
)
WISHES = re.compile(
    r"(?:need(?:s|ed)?|want(?:s|ed)?|looking (?:for|to|at)|trying to|hoping to|help|requesting|how about|what about|time (?:to|for) (?!me\b)|ready (?:to|for)|tell me|show me|give me|get me|find me)(?![\w']) \S"
)
# Questions to the agent as if it were a person.
TO_THE_AGENT = re.compile(
    r"(?:so )?(?:are|were|do|did|have|aren't|don't) you (?!know|have|see|happen|mean|think|find|get|want|check|look|need|done|finished|able|say|tell|seen|got|already|still|manage|fix)\w+"
)
PROBLEM = _word(
    r"broken",
    r"broke",
    r"fails?",
    r"failed",
    r"failing",
    r"failure",
    r"crash(?:es|ed|ing)?",
    r"hangs?",
    r"hung",
    r"stuck",
    r"slow(?:er|ly)?",
    r"flaky",
    r"down",
    r"missing",
    r"lost",
    r"wrong",
    r"error(?:s|ed)?",
    r"bugs?",
    r"(?:does|do|did|is|are|was|were|has|have|can|could|will|would)n't",
    r"can(?:'t|not)",
    r"won't",
    r"not (?:working|showing|loading|arrived|responding|moved|there|possible)",
    r"stopped",
    r"stale",
    r"red",
    r"late",
    r"delayed",
    r"leak(?:s|ing|ed)?",
    r"timed? ?out",
    r"time-?outs?",
    r"double",
    r"twice",
    r"duplicated?s?",
    r"incorrect",
    r"complain(?:s|ed|ing)?",
    r"problem",
    r"issues?",
    r"trouble",
    r"refus(?:es|ed)",
    r"reject(?:s|ed)",
    r"overdue",
    r"expired",
    r"full",
    r"empty",
    r"blank",
    r"damaged",
    r"cracked",
    r"snapped",
    r"dented",
    r"faulty",
    r"torn",
    r"gone",
    r"unable",
    r"denied",
    r"forbidden",
    r"nothing",
    r"nobody",
    r"warning",
    r"alert(?:ing|s)?",
    r"page[ds]? me",
    r"moved",
    r"changed (?:his|her|their) mind",
    r"weird",
    r"strange",
    r"odd(?:ity)?",
    r"off",
    r"doubled",
    r"spik(?:e|ed|ing)",
    r"dropp(?:ed|ing)",
)
IDENTIFIER = re.compile(
    r"(?<![\w.])(?:[A-Za-z]{1,10}[-_#]\d{2,12}|#\d{1,7}|[\w-]+(?:/[\w.-]+)+|\w+\.(?:py|js|ts|go|rs|java|sql|csv|xlsx?|md|ya?ml|json|toml|txt|pdf|docx?|html|css|sh|tf|ipynb|log)\b|`[^`\n]{2,80}`|https?://\S{3,200}|[A-Z0-9]*\d[A-Z0-9]{3,}[A-Z0-9-]*)(?![\w])"
)
POLITE_TAIL = re.compile(
    r"[\s,.;-]*\b(?:please|pls|plz|thanks?(?: you)?(?: in advance| so much| a lot)?|thx|ta|cheers|ok\??|okay\??|if you can|when you can|if possible)\b[\s.!?]*$",
    re.IGNORECASE,
)

# --- the agent --------------------------------------------------------------------------------------------------------

INVITES = re.compile(
    r"(?:anything else|what(?:'s| is) (?:next|the (?:next|second|other|third)\b[^?]{0,30})|what else|what can i do|how (?:can|may) i (?:help|assist)|next\?|(?:is there )?anything (?:more|further|you)|can i help|something else|what would you like (?:me )?to (?:do|work on|tackle) (?:next|now|today|first)|ready for the next|need anything|other (?:requests?|questions?|tasks?)|where (?:shall|should) we (?:start|begin)|what(?:'s| is) (?:up|on)|what do you need)"
)
CLOSER = re.compile(
    r"(?:you(?:'re| are) (?:very |most )?welcome|glad (?:to|it|that|i)|happy to (?:help|hear|assist)|good(?: luck|bye| to hear|night)?[.!]*$|my pleasure|no problem|any ?time|(?:if|should) you (?:need|have|would like|want|ever|run into|require|change)|feel free|let me know if (?:you|there|anything)|have a (?:great|good|nice|lovely|safe|wonderful)|take care|see you|enjoy|safe travels|don't hesitate|just (?:let me know|ask|say|shout)|i'm here|cheers|bye|please let me know if)"
)
AGENT_ASKS = re.compile(
    r"(?:please (?:confirm|provide|specify|tell me|choose|select|clarify|share|let me know (?:which|how|what|whether|if you(?:'d| would) like to (?:proceed|go|continue))|reply|advise|indicate|check and)|(?:let me know|tell me|say) (?:which|how|what|whether|when|if you(?:'d| would)? (?:like|want|prefer)[^.]{0,20}(?:proceed|go|continue|me to)|if i (?:should|may|can))|could you (?:please )?(?:provide|confirm|tell|share|clarify|specify|send|check|double)|i(?:'ll| will)? (?:still )?need (?:your|you|to know|the following|more|a bit more|one|some)|waiting for (?:your|you)|your call|your (?:decision|approval|go-ahead|word|ok|okay)\b|say the word|up to you|i need (?:your|you|to know))"
)
AGENT_CANNOT = re.compile(
    r"\b(?:i|we|this|it|that|they|which|\w+)\b[^.?!]{0,60}\b(?:can(?:'t|not| not)(?! (?:wait|stress|thank|be sure))|could(?:n't| not)|(?:am|is|are|was|were|'m|'re) (?:un|not )able to|unable to|isn't possible|is not possible|not possible|impossible|not allowed|not permitted|not eligible|not supported|not available|refuses?|has no way|have no way|no way to|failed to|did not (?:succeed|work)|didn't (?:succeed|work)|won't work|gave up|not worth it|blocked|does not allow|doesn't allow)\b"
    r"|^(?:unfortunately|sorry|regrettably|i'm afraid|no luck|no[:,.]|not worth|not possible|impossible|blocked|failed)"
)
AGENT_DONE = _word(
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
AGENT_UNFINISHED = re.compile(
    r"\b(?:to go\b|still (?:to (?:do|come)|running|missing|open|pending|in progress|waiting|outstanding|not|needs?|left|working|fails?|failing|have to|has to)|are to come|is to come|to be done|not (?:yet )?(?:done|finished|committed yet|started|complete)|(?:are|is) (?:still )?missing\b|missing (?:are|is)\b|remaining\b|left to do|in progress|(?:one|two|three|four|five|six|seven|eight|nine|\d+) (?:of|out of) (?:the )?(?:two|three|four|five|six|seven|eight|nine|ten|\d+)\b[^.]{0,30}\b(?:done|written|finished|converted|migrated|changed|complete|ready|moved|updated|fixed|in|through)\b|next (?:is|up|comes|i(?:'ll| will))|halfway|half way|half done|partly|so far|the rest (?:is|are|will|follows|comes|tomorrow)|continuing|i(?:'ll| will) (?:now|then|next|continue|start|try|check|look|search|proceed|keep|go on|run|do|make|add|write|fix|begin|carry)\b(?![^.]{0,60}\b(?:if|once|when|as soon)\b)|(?:now|next) (?:i'm|i am|checking|running|looking|trying|writing|for the)|let me (?:check|look|see|try|run|search|find|retrieve|pull|start|now|also|first|get|fetch)|(?:hold on|one moment|please hold|stand by|bear with)|trying\b[^.]{0,40}$|paused|stopped (?:here|there|halfway)|running (?:it )?now\b|underway|under way|wip|doing (?:that|it|so) now|state:)"
)
