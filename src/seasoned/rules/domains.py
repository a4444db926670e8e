"""Where a lesson belongs: many entries in few skills, so a skill holds a family of programs or a field of work.

The topic of a lesson is the program or tool that it is about; the family of that topic names the skill, the topic the
file. A name that no family knows belongs to the skill of the agent's tools.
"""

import re
from typing import Final

import msgspec

from seasoned.rules.calls import Call
from seasoned.rules.text import listed
from seasoned.skill import slug


class Family(msgspec.Struct, frozen=True):
    """A skill for a family of programs or tools. `about` completes "Lessons about ..."; `words` name its members."""

    name: str
    about: str
    words: frozenset[str]


def _family(name: str, about: str, words: str) -> Family:
    return Family(name, about, frozenset(words.split()))


FAMILIES: Final[tuple[Family, ...]] = (
    _family(
        "kubernetes",
        "Kubernetes clusters, workloads and Helm releases",
        "kubectl helm k8s kubernetes kustomize k9s kubectx kubens minikube kind argocd argo flux istioctl stern "
        "oc eksctl skaffold",
    ),
    _family(
        "infrastructure",
        "cloud accounts, infrastructure as code and machines",
        "terraform tofu terragrunt pulumi ansible aws gcloud az cdk sam serverless cloudformation packer vault "
        "consul nomad doctl flyctl heroku s3 ec2 iam rds lambda ssh systemctl nginx conftest",
    ),
    _family(
        "containers",
        "building and running containers",
        "docker podman buildah docker-compose compose nerdctl skopeo dockerfile container",
    ),
    _family(
        "python",
        "Python projects: running, testing, packaging, checking",
        "python pytest uv pip poetry tox nox ruff mypy black pylint flake8 pyright isort conda pipx uvx hatch "
        "twine sphinx jupyter ipython mypyc cibuildwheel auditwheel py ipynb django flask towncrier",
    ),
    _family(
        "javascript",
        "JavaScript and TypeScript projects",
        "node npm npx yarn pnpm bun deno tsc eslint prettier jest vitest vite webpack next mocha playwright "
        "cypress ts tsx js jsx",
    ),
    _family(
        "compiled-languages",
        "building and testing compiled code",
        "cargo rustc rust go golang gradle mvn maven java javac make cmake gcc clang ninja bazel dotnet swift "
        "ctest meson kt scala sbt cpp rs",
    ),
    _family(
        "git-and-ci",
        "version control, pull requests and continuous integration",
        "git gh glab github gitlab hub jj svn pre-commit commit pull merge pipeline actions ci jenkins circleci "
        "act issue release",
    ),
    _family(
        "databases",
        "querying and changing databases",
        "psql mysql sqlite3 sqlite postgres postgresql mongosh mongo redis redis-cli sql query bq bigquery "
        "snowflake snowsql duckdb clickhouse clickhouse-client dbt warehouse database table schema column alembic "
        "flyway liquibase pgmig migrate migration pg_dump db trino presto spark athena",
    ),
    _family(
        "spreadsheets-and-charts",
        "tables, files of data and charts",
        "csv excel xlsx spreadsheet sheet chart plot dashboard report pivot dataset dataframe pandas notebook "
        "graph visualization visualisation metric",
    ),
    _family(
        "customer-service",
        "orders, bookings, refunds and customers",
        "order orders refund refunds customer customers reservation reservations booking bookings ticket tickets "
        "return returns shipment shipping label voucher coupon invoice payment payments exchange subscription "
        "warranty delivery parcel product products flight flights hotel passenger baggage certificate cancel "
        "stock inventory claim policy account crm",
    ),
    _family(
        "mail-and-calendar",
        "e-mail, calendars, meetings and messages",
        "email mail calendar event events meeting meetings gmail outlook slack message messages invite schedule "
        "contact contacts chat sms notification reminder room",
    ),
    _family(
        "documents",
        "documents, pages and knowledge bases",
        "doc docs document documents page pages wiki confluence notion pdf article articles kb knowledge slides "
        "presentation drive folder docx latex pandoc",
    ),
    _family(
        "web",
        "web pages, HTTP calls and search",
        "http curl wget fetch browser web url search webfetch websearch browse navigate click scrape api request crawl",
    ),
    _family(
        "shell-and-files",
        "shell commands and files",
        "bash sh shell terminal run exec execute command file files read write edit grep glob ls find sed awk apt "
        "apt-get brew yum dnf rsync tar zip ffmpeg chmod crontab directory patch view create str_replace multiedit",
    ),
)
GENERAL: Final = Family("agent-tools", "the tools that the agent calls", frozenset())
_VERBS: Final = listed(
    """
    get list find search create update delete add set send make check lookup look up fetch read run call do new
    cancel modify change book issue start stop open close transfer show view by to for from with details detail
    info status id user all tool agent the a of direct process apply request submit query execute post put
    """
)
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SUFFIX = re.compile(r"\.(py|ipynb|ts|tsx|js|jsx|go|rs|java|kt|sql|tf|csv|xlsx|pdf|docx|md|ya?ml|toml|sh)\b")
_SUFFIX_TOPIC: Final = {
    "py": "python",
    "ipynb": "python",
    "ts": "typescript",
    "tsx": "typescript",
    "js": "javascript",
    "jsx": "javascript",
    "rs": "rust",
    "tf": "terraform",
    "csv": "csv",
    "xlsx": "spreadsheet",
    "docx": "document",
    "md": "docs",
    "sh": "shell",
}
_BY_WORD: Final = {word: family for family in reversed(FAMILIES) for word in family.words}


def topic_of(call: Call | None) -> str:
    """The topic of what a call teaches: its program, the kind of file that it touches, or its tool; `general` "
    "without one."""
    if call is None:
        return "general"
    for program in call.programs:
        if program.lower() in _BY_WORD and _BY_WORD[program.lower()].name != "shell-and-files":
            return slug(program)
    path = next(
        (
            value
            for key in ("file_path", "path", "filename", "file")
            if isinstance(value := call.arguments.get(key), str)
        ),
        "",
    )
    suffix = _SUFFIX.search(path[-60:]) or _SUFFIX.search(call.command[:400])
    if suffix:
        return _SUFFIX_TOPIC.get(suffix.group(1), suffix.group(1))
    return slug(call.programs[0] if call.programs else _spaced(call.tool), "general")


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name[:80])


def family_of(topic: str) -> Family:
    """The family that a topic belongs to."""
    whole = _BY_WORD.get(topic)
    if whole is not None:
        return whole
    pieces = _WORD.findall(topic.replace("-", " "))
    nouns = [piece for piece in pieces if piece not in _VERBS]
    for piece in [*reversed(nouns), *pieces]:
        found = _BY_WORD.get(piece)
        if found is not None:
            return found
    return GENERAL


def file_of(topic: str) -> str:
    """The file for a topic: the program, or the noun of a tool's name."""
    pieces = [piece for piece in topic.split("-") if piece not in _VERBS]
    return f"{slug('-'.join(pieces) or topic)}.md"
