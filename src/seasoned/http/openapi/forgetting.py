"""The route of forgetting."""

from seasoned.http import forgetting
from seasoned.http.openapi.operations import operation

OPERATIONS = (
    operation(
        forgetting.forget,
        "forget",
        "Forget a session, a user, a task or a lesson",
        "Entries of skills that nothing else taught go, as a version of each skill that can be reverted; entries with "
        "other evidence keep it. It is not learned again. With `purge` it is deleted then, also from old versions, and "
        "no revert brings it back; of a task or a lesson the messages stay with their session.",
        {200: "What was, or would be, forgotten."},
        {400: "The body cannot be read.", 404: "The project has no such thing."},
        tag="Review",
        body=forgetting.ForgetRequest,
    ),
)
