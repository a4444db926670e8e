"""The routes of review."""

from functools import partial

from seasoned.http import proposals
from seasoned.http.openapi.operations import CURSORS, operation, paging, text

_review = partial(operation, tag="Review")
_DECIDED = "Somebody has decided on it already, it does not fit the skills any more, or a text is flagged anew."
_MOVED = "A skill has a newer version than the one that the proposal was made on, or than `heads` says."
_NONE = "The project has no such proposal."
_TOGETHER = "The body cannot be read, or the proposals are not of one learning space."

OPERATIONS = (
    _review(
        proposals.page,
        "list_proposals",
        "List proposals",
        "What the learner would write under the policy `review`, and what the safety checks flagged under any policy.",
        {200: "The proposals."},
        {400: CURSORS},
        parameters=(
            text("space_id", "Only those of this learning space.", format="uuid"),
            text("status", "Only those with this status.", enum=[*proposals.STATUSES]),
            *paging(),
        ),
    ),
    _review(
        proposals.get,
        "get_proposal",
        "Get a proposal",
        "With its lessons, what the safety checks said, and what it would change on the skills as they are now.",
        {200: "The proposal."},
    ),
    _review(
        proposals.approve,
        "approve_proposal",
        "Approve a proposal",
        "Its sizes, its safety and what people wrote or pinned are checked again. A stale one is approved with the "
        "`heads` that were shown; with `texts` it is edited first, and its lines are a person's then.",
        {200: "The proposal with the versions that were made."},
        {400: "The body cannot be read.", 409: _DECIDED, 412: _MOVED},
        body=proposals.ApprovalRequest,
    ),
    _review(
        proposals.reject,
        "reject_proposal",
        "Reject a proposal",
        "Its lessons are settled, and what says the same is not proposed again, until the rejection is undone.",
        {200: "The proposal."},
        {400: "The body cannot be read.", 409: _DECIDED},
        body=proposals.RejectionRequest,
    ),
    _review(
        proposals.undo,
        "undo_decision",
        "Undo a decision",
        "The proposal waits again. Undoing an approval reverts its version, if the skill has no newer one.",
        {200: "The proposal."},
        {409: "It waits, or it changed several skills.", 412: "The skill has moved on since."},
    ),
    _review(
        proposals.approve_several,
        "approve_proposals",
        "Approve several proposals",
        "All of them in one transaction, or none; each is checked with those before it.",
        {200: "The proposals."},
        {400: _TOGETHER, 404: _NONE, 409: _DECIDED, 412: _MOVED},
        body=proposals.ApprovalsRequest,
    ),
    _review(
        proposals.reject_several,
        "reject_proposals",
        "Reject several proposals",
        "All of them with one reason, or none.",
        {200: "The proposals."},
        {400: "The body cannot be read.", 404: _NONE, 409: _DECIDED},
        body=proposals.RejectionsRequest,
    ),
    _review(
        proposals.set_policy,
        "set_policy",
        "Set the policy of a learning space",
        "With `review` what is learned waits for a person. The journal of tasks is written in any case.",
        {200: "The space."},
        {400: "The body cannot be read, or there is no such policy."},
        body=proposals.PolicyRequest,
    ),
)
