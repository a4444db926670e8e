"""Words that open, fill or only decorate what people say, and how the lexicons are compiled.

The patterns of `words`, `requests`, `verdicts` and `reports` run on single sentences in lower case with plain
apostrophes (see `sentences`), so none ever sees more than a few hundred characters.
"""

import re


def word(*parts: str) -> re.Pattern[str]:
    """A pattern that matches any of the parts as whole words."""
    return re.compile(rf"(?<![\w'])(?:{'|'.join(parts)})(?![\w'])")


def listed(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


# Words that open a sentence without meaning: they are stepped over before the first real word is looked at.
LEAD = re.compile(
    r"(?:(?!(?:next|first|last|second|this|any|every|each) time\b)(?:ok(?:ay)?|k|kk|right|alright"
    r"|all right|so|well|hmm*|mm+|mhm|ah+|oh|uh|um|er|btw|by the way|hey|hi+|hello|hiya|yo|dear \w+"
    r"|hallo|moin|good (?:morning|afternoon|evening|day)|morning|evening|afternoon|greetings|and|then|now"
    r"|anyway|anyways|also|just|but"
    r"|actually|basically|please|pls|plz|kindly|sorry|sure|yes|yep|yeah|yup|ya|no|nope|nah|great|good|cool"
    r"|nice|perfect|fine|lovely|brilliant|excellent"
    r"|awesome|super|(?:thanks|thank you|thx|cheers|ta)(?=\s*(?:[,.!;:-]|$))|first(?:ly)?(?=[,: ])"
    r"|first of all|(?:second|third|fourth)(?:ly)?(?=[,:])|finally|lastly|next(?: up| one)?"
    r"|quick(?: one| question)?|real quick|real work|one more(?: thing)?|another (?:thing|one)"
    r"|last (?:thing|one)|team|all|everyone|folks|there|again|maybe"
    r"|tonight|today|this (?:morning|afternoon|evening)|same here|in that case|instead|meanwhile|for now"
    r"|could be|if (?:you can|possible)"
    r"|note that|note(?= (?:it|this|the|that|all|everything)\b)|please be informed(?: that)?|fyi"
    r"|for your information|i(?:\'d| would) like to inform you(?: that)?|just to let you know(?: that)?"
    r"|just (?:a )?(?:heads[- ]up|fyi)|when you(?: have|'ve got| get) (?:a )?(?:minute|moment|sec|second"
    r"|time|chance)|whenever you can)\b(?!'\w)[\s,:.!;-]*)+"
)

GREETING = re.compile(
    r"(?:hi|hey|hello|hiya|hallo|yo|howdy|greetings|good (?:morning|afternoon|evening|day)|morning|evening"
    r"|afternoon|dear|moin|salut|hola"
    r"|servus|bonjour|ciao|namaste|g'day|sup)\b(?:[ ,]+(?:there|all|again|team|everyone|folks|guys|mate"
    r"|claude|assistant|agent|bot|friend|\w+))?"
    r"[\s,.!:;-]*"
)

# Only pleasantries: such a sentence asks for nothing and states nothing lasting.
SMALL_TALK = word(
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
