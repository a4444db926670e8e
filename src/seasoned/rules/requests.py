"""How people ask for something: imperatives, wishes, questions, problems told; and how they announce or refer back."""

import re

from seasoned.rules.words import listed, word

NEW_MARK = re.compile(
    r"(?!(?:next|first|last|second|another|final|different) time\b)(?:(?:and |but |then )?(?:there(?:'s"
    r"| is| are)|i(?:'ve| have)(?: got)?|we(?:'ve| have)) (?:also |still |just )?(?:another|one (?:more"
    r"|other|last)|something (?:else|more)|a (?:second|further|different|new))\b|which brings me to"
    r"|that brings me to|on to |my (?:other|next|second|last) (?:wish|request|question|point|item|thing"
    r"|task)|then there(?:'s| is)|next(?: up| one| thing| task| case"
    r"| item| ticket)?\b(?=\s*(?:[:,.-]|$|i|can|could|the|please|is|,|we|there|up))|now(?: for| on to"
    r"| to)?(?: the| something| another)?\b(?!\s*(?:it|that|this|they|works?|all|i (?:see|get"
    r"|understand))\b)|(?:the )?(?:second|third|fourth|other|next|last|final|another|new|different"
    r"|separate) (?:thing|task|one|job|item|topic|question|request|issue|case|point|subject|matter|problem"
    r"|order|ticket|bug)\b"
    r"|one (?:other|last|final|oddity|further)(?: thing| question| item| request| task)?\b|another\b"
    r"|separately|unrelated(?:ly)?|(?:first|second|third|fourth|fifth)(?:ly)?:|(?:that|this) aside"
    r"|(?:apart|aside|other than) (?:from )?that|while you(?:'re| are) (?:there|in there|on it)|on (?:a"
    r"|an)(?:other| different| unrelated| separate| new) (?:note|topic|matter|subject)|different (?:topic"
    r"|question|thing|subject)|moving on|move on|on to|onto|while (?:i'm|you're|i am|you are|we're"
    r"|we are) at it|while i have you|before (?:i|we|you) (?:go|finish|leave|forget)|something (?:else"
    r"|different)"
    r"|new (?:topic|question|task|one|request|issue|case|ticket|subject)|change of (?:topic|subject)"
    r"|real work|right,? first one|first one|let's (?:move|turn|go) (?:on|to)|in other news"
    r"|also,? (?:separately|unrelated)|besides|additionally|meanwhile|quick (?:one|question|favou?r)"
    r"|small (?:one|thing|favou?r)|last (?:thing|one)|finally|lastly|then(?: there's|:))"
)
# "One more thing" may be about the task at hand.
MORE_MARK = re.compile(
    r"(?:(?:and )?(?:one|two|three|a (?:few|couple)(?: of)?) (?:more |other |last )?(?:thing|point|request"
    r"|question|change|wish|detail|remark)e?s?\b|(?:one|two|three|a few) more\b)"
)
# Putting things back after an attempt: the end of a task, not a task of its own.
CLEANS_UP = re.compile(
    r"(?:please |just |and |then |so )*(?:revert|undo|restore|reset|roll (?:it|that|this|everything|them"
    r"|back)|discard|clean (?:it |that |this |everything )?up"
    r"|(?:put|set|change|switch|turn|take|bring|move) (?:it|that|this|them|everything|all|the \w+|your \w+"
    r"|things)(?: \w+)? (?:back|how|as|out|to how|the way)\b"
    r"|(?:throw|chuck|toss|take|rip|back|leave|pull) (?:it|that|this|them|everything|all|your \w+"
    r"|the \w+)(?: \w+)? (?:out|away|off)|(?:delete|remove|drop|close|cancel) (?:it|that|this|them"
    r"|your \w+|the (?:branch|patch\w*|change\w*|draft\w*|ticket|case|request|temp\w*|test \w+|copy|copies"
    r"|attempts?))\b"
    r"|back (?:it|that|this|them) out|leave (?:it|that|this|everything|things|the \w+)\b|(?:write"
    r"|note) (?:it|that|this) (?:down|up)|(?:put|make|leave|add) a note|tell (?:him|her|them)\b|let (?:him"
    r"|her|them) know)"
)
# Words that point into what was just talked about.
REFERS_BACK = word(
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
    r"the (?:other|first|second|last|rest|result|output|file|draft|report|table|chart|plot|mail|reply"
    r"|answer|list|query|test|tests|script|page|column|columns|text|subject line|title|version|numbers?)",
)
CONTINUES = re.compile(
    r"(?:and|but|or|add|also add|make (?:it|that|them|the)|change (?:it|that|the)|use|try|keep|except|only"
    r"|without|with|plus|include|put|rename (?:it|that)|move (?:it|that)|same|like|as|not|no|instead"
    r"|rather|better|shorter|longer|more|less|go|do (?:it|that)|because|since|for|in|on|which|hmm*"
    r"|what about|how about|can't you|couldn't you|why|probably|maybe|actually|two (?:more )?things"
    r"|one (?:change|detail|correction|tweak|small|remark))(?![\w'])"
)

VERBS = listed(
    "speak stick behave treat avoid mind respect assume phrase consult tidy accept activate add adjust"
    " advise align allow analyse analyze annotate answer append apply approve archive "
    "arrange ask assemble assess assign attach audit automate back backfill balance benchmark bisect block"
    " book "
    "boot break bring build bulk bump calculate call cancel capture change charge chart chase check choose"
    " cite "
    "clarify classify clean cleanup clear clone close code collect combine compare compile complete"
    " compose "
    "compress compute configure confirm connect consolidate contact continue convert cook copy correct count "
    "cover crawl create crop cross-check crosscheck cut cutover deal debug decide decline decrease dedupe "
    "deduplicate define delay delete deliver demote deny deploy describe design detect determine develop"
    " diagnose "
    "diff dig disable discard dispatch display distribute dive divide document double double-check downgrade "
    "download draft draw drop dump duplicate edit elaborate email empty enable encrypt enlarge ensure enter "
    "escalate estimate evaluate examine exchange exclude execute expand expire explain explore export extend "
    "extract fetch figure file fill filter finalise finalize find finish fix flag flip fold follow forecast "
    "format forward free free-up generate get give go grab grep group guess halve hand handle help hide"
    " highlight "
    "hold hunt identify import improve include increase index inform initialise initialize insert inspect"
    " install "
    "instrument integrate introduce investigate invite invoice isolate issue join keep label launch lay lead "
    "learn let link list load localise localize locate lock log look look-up lookup lower mail maintain make "
    "manage map mark match measure merge message migrate minimise minimize mock modernise modernize modify "
    "monitor mount move name narrow negotiate normalise normalize note notify number obtain offer open"
    " optimise "
    "optimize order organise organize outline overwrite pack package paint paraphrase parse paste patch pay "
    "perform pick pin ping place plan plot point polish port post postpone prepare present preview price"
    " print "
    "prioritise prioritize process produce profile promote prompt proofread propose prove provide"
    " provision prune "
    "publish pull purge push push-back put query queue quote raise rank rate re-run reach read rearrange"
    " reassign "
    "rebase rebook rebuild recalculate recheck recommend reconcile record recover redact redeploy redesign "
    "redirect redo reduce refactor refer refine reformat refresh refund regenerate register reimport reindex "
    "reject relabel release reload remake remind remove rename render renew reopen reorder reorganise repair "
    "repeat rephrase replace reply report repost reproduce request rerun resample rescale reschedule"
    " research "
    "resend reserve reset resize resolve respond restart restock restore restructure resubmit retag retitle "
    "retrain retrieve retry return reverse review revise revoke rework rewrite ring roll rotate route run"
    " sanity- "
    "check save scaffold scale scan schedule scrape script search secure see seed segment select sell send "
    "separate serve set setup share shift ship shorten show shrink shut sign simplify simulate sketch skip"
    " slice "
    "snapshot solve sort sort-out source specify spell spin split stage start stop store strip structure"
    " style "
    "submit subscribe subtract suggest sum summarise summarize supply support suspend swap switch sync "
    "synchronise synchronize tabulate tag take talk tally teach tell test text throttle tidy tidy-up"
    " tighten time "
    "top total trace track train transcribe transfer transform translate trigger trim triple troubleshoot"
    " try "
    "tune turn tweak type unblock undo unify uninstall unlock unpack unpin unsubscribe untangle update"
    " upgrade "
    "upload use validate vectorise verify view visit visualise visualize void walk warn watch weigh whip "
    "whitelist wire work wrap write zero zip"
)
_ALL_VERBS = "|".join(sorted(map(re.escape, VERBS), key=len, reverse=True))
IMPERATIVE = re.compile(
    rf"(?:do (?:the|a|an|this|that|both|all|me|us|some|my|our)|{_ALL_VERBS})(?![\w'-])"
    r"(?!\s*(?:is|are|was|were|has|have|did|does|says|said|of|and (?:right|correct|complete|clear|clean)"
    r"|now|again|here"
    r"|enough|too|for me|went|came|seems?|looks?)\b)"
)
# Wherever it stands in a clause, somebody wants something done.
DEMANDS = word(
    r"(?:can|could|would|will|might) (?:you|u|we|someone|somebody)(?! (?:believe|imagine)\b)",
    r"(?:can't|couldn't) (?:you|we)",
    r"(?:can|could|may) i (?:get|have|see|ask|also|please|still|just|use|change|add)",
    r"would you mind",
    r"(?:it )?(?:would|'d) be (?:great|nice|good|helpful|lovely|cool|awesome|ideal) (?:if|to|having)",
    r"(?:we|you) should(?! have)(?: \w+){2,}",
    r"(?:i|we)(?:'d| would)? (?:really |also |just |still |only )?(?:want|need|like|love)(?! (?:it|that"
    r"|this)\b *$)",
    r"(?:i|we)(?:'d| would) (?:like|love|want|prefer|appreciate)",
    r"i wanna",
    r"(?:i|we) should (?:like|love|be (?:glad|grateful|obliged|happy))",
    r"(?:may|might|could|can) i (?:trouble|bother|ask|beg|request|impose)",
    r"(?:i|we)(?:'d| would| should) be (?:much |most |very )?(?:obliged|grateful|glad|happy|thankful)",
    r"be so (?:kind|good)(?: as)?(?: to)?",
    r"would you (?:kindly|care|be able|happen)",
    r"if (?:you|u) (?:could|would|can)",
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
    r"(?!(?:what an?|how (?:nice|lovely|kind|sweet|exciting|sad|annoying|funny|odd|strange|exasperating"
    r"|very)) )(?:(?:what|which|who|whose|where|when|why|how)(?:'s|'re|'d|s)?|any (?:news|update|idea)"
    r"|is there"
    r"|are there|is (?:the|it|this|that|he|she|our|my)|are (?:the|we|they|our|my|these|those)|was (?:the"
    r"|it|there)|were (?:the|we|they)|do (?:we|they|you|i)|does (?:the|it|this|that|he|she|anyone|our|my)"
    r"|did (?:we|the|it|he|she|they|anyone|you|i)|have (?:we|they|you)|has (?:the|it|he|she|anyone|our|my)"
    r"|can (?:i|it|they|the|this)|should (?:i|we|it|the))(?![\w'])"
)
WISHES = re.compile(
    r"(?:need(?:s|ed)?|want(?:s|ed)?|looking (?:for|to|at)|trying to|hoping to|help|requesting|how about"
    r"|what about|time (?:to|for) (?!me\b)|ready (?:to|for)|tell me|show me|give me|get me"
    r"|find me)(?![\w']) \S"
)
# Questions to the agent as if it were a person.
TO_THE_AGENT = re.compile(
    r"(?:so )?(?:are|were|do|did|have|aren't|don't) you (?!know|have|see|happen|mean|think|find|get|want"
    r"|check|look|need|done|finished|able|say|tell|seen|got|already|still|manage|fix)\w+"
)
PROBLEM = word(
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
    r"(?<![\w.])(?:[A-Za-z]{1,10}[-_#]\d{2,12}|#\d{1,7}|[\w-]+(?:/[\w.-]+)+|\w+\.(?:py|js|ts|go|rs|java"
    r"|sql|csv|xlsx?|md|ya?ml|json|toml|txt|pdf|docx?|html|css|sh|tf|ipynb|log)\b|`[^`\n]{2,80}`"
    r"|https?://\S{3,200}|[A-Z0-9]*\d[A-Z0-9]{3,}[A-Z0-9-]*)(?![\w])"
)
POLITE_TAIL = re.compile(
    r"[\s,.;-]*\b(?:please|pls|plz|thanks?(?: you)?(?: in advance| so much| a lot)?|thx|ta|cheers|ok\??"
    r"|okay\??|if you can|when you can|if possible)\b[\s.!?]*$",
    re.IGNORECASE,
)
