"""What counts as a secret, what does not, and that looking for them is bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seasoned.safety.secrets import contains_secret, redact
from tests.support.corpora import Part, more_secrets, secrets
from tests.support.growth import check_linear, text_of

LONG_CHARS = 500_000
HOSTILE_CHARS = 20_000

# Tokens are put together here, so that no scanner of this repository takes them for real ones.
LIVE = "acme_" + "live_9xVb27QmTzR4kW0eHs8u"
GITHUB = "gh" + "p_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
GITLAB = "gl" + "pat-Ab1Cd2Ef3Gh4Ij5Kl6Mn"
SLACK = "xo" + "xb-123456789012-abcDEF123456"
AWS = "AK" + "IAQ7WERTY2UIOP4ZXC"
GOOGLE = "AI" + "zaSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q"
HUGGING_FACE = "h" + "f_AbCdEfGh1234567890IjKlMn"
NPM = "np" + "m_Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2"
OPENAI = "s" + "k-proj-Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8"
JWT = "ey" + "JhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
TELEGRAM = "1234567890:" + "AAaBbCcDdEeFfGgHhIiJjKkLlMm123456_7"
HOOK = "https://hooks.slack.com/services/" + "T0AB12/B0CD34/aBcD1234efGH"
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEowIBAAKCAQEA7bq1\nabcd\n-----END RSA PRIVATE KEY-----"

SECRETS = [
    ("postgres://app:s3cr3tPw9@db.internal:5432/shop", "s3cr3tPw9", "credentials"),
    ("amqp://guest:kR8!x,zz;1@mq/vh", "kR8!x,zz;1", "credentials"),
    ("redis://:p4ssw0rdX@cache:6379", "p4ssw0rdX", "credentials"),
    ("https://9f8A7b6C5d4E3f2A1b0C9d8E@github.com/a/b", "9f8A7b6C5d4E3f2A1b0C9d8E", "credentials"),
    ("relay smtp-user:Blue#42Harbour@mail.host.example said no", "Blue#42Harbour", "credentials"),
    ('curl -H "Authorization: Bearer 9f8A7b6C5d4E3f2A1b0C"', "9f8A7b6C5d4E3f2A1b0C", "header"),
    ('{"authorization": "Bearer abcDEF123456ghiJKL"}', "abcDEF123456ghiJKL", "header"),
    (r"{\"authorization\": \"Basic dXNlcjpwYXNzd29yZDE=\"}", "dXNlcjpwYXNzd29yZDE=", "header"),
    ("x-api-key: 7d8f9a0b1c2d3e4f", "7d8f9a0b1c2d3e4f", "assigned"),
    ("DB_PASSWORD=hunter2xyz", "hunter2xyz", "assigned"),
    ("PGPASSWORD='My,Pass;w0rd&9' psql", "My,Pass;w0rd&9", "assigned"),
    ("export SMTP_PASS=kJ82hs7Qx", "kJ82hs7Qx", "assigned"),
    ('"clientSecret": "Q~8abcDEF12345"', "Q~8abcDEF12345", "assigned"),
    ("accessToken: aB3dE5fG7hI9jK1l", "aB3dE5fG7hI9jK1l", "assigned"),
    (r"{\"password\": \"Zx81!spectrum\"}", "Zx81!spectrum", "assigned"),
    ('password => "correct-horse-battery"', "correct-horse-battery", "assigned"),
    ("?api_key=9a8b7c6d5e4f&user=bob", "9a8b7c6d5e4f", "assigned"),
    ("AWS_SECRET_ACCESS_KEY=abcd/efGH1234+ijkl5678MNOPqrst9012uvwx", "abcd/efGH", "assigned"),
    ("- name: DB_PASSWORD\n  value: kJ82hs7Q", "kJ82hs7Q", "assigned"),
    ('{"name": "API_TOKEN", "value": "kJ82hs7Qx9"}', "kJ82hs7Qx9", "assigned"),
    ("tool --password Tr0ub4dor&3 --user x", "Tr0ub4dor&3", "assigned"),
    ("mysql -u root -pTr0ub4dor3x db", "Tr0ub4dor3x", "assigned"),
    ("sshpass -p 'Br1ghtFox' ssh h", "Br1ghtFox", "assigned"),
    ("curl -u admin:Br1ghtFox99 http://x", "Br1ghtFox99", "assigned"),
    ("the password is hunter2xyz", "hunter2xyz", "stated"),
    ("password for the portal is `blue-horse-lake`", "blue-horse-lake", "stated"),
    ("my password is Sommer2026.", "Sommer2026", "stated"),
    ("credentials: anna / Th1nIce!Rink", "Th1nIce!Rink", "stated"),
    ("pwd: Sommer2026!", "Sommer2026", "assigned"),
    ("https://blob.example/x?sv=1&sig=a%2Fb1C2d3E4f5G6h7%3D&se=1", "a%2Fb1C2d3", "token"),
    *((f"use {token} here", token, "token") for token in (LIVE, GITHUB, GITLAB, SLACK, AWS, GOOGLE, HUGGING_FACE)),
    *((f"use {token} here", token, "token") for token in (NPM, OPENAI, JWT, TELEGRAM, HOOK)),
    ("card 4242 4242 4242 4242 please", "4242 4242 4242 4242", "card"),
    ("after 1234 comes 4242-4242-4242-4242", "4242-4242-4242-4242", "card"),
    ("row 1234 4242 4242 4242 4242", "4242 4242 4242 4242", "card"),
    ("card 4111111111111111.", "4111111111111111", "card"),
    ("amex 3782-822463-10005", "3782-822463-10005", "card"),
    (f"key:\n{PEM}\n", "MIIEow", "private-key"),
    (PEM.replace("\n", "\\n"), "MIIEow", "private-key"),
    ("-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\nand then the log was cut", "MIIEvQ", "private-key"),
]

HARMLESS = [
    "commit 3f2a9c1d4e5f60718293a4b5c6d7e8f901234567",
    "id 123e4567-e89b-12d3-a456-426614174000",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "image ghcr.io/acme/api:prod-3f9a1c2@sha256:9f86d081884c7d65",
    "order LF-203984, call_Km75CPnnrQn8elfVwDuNzmAs, req_01HV8Z3Q9KJ4N2X7",
    "max_tokens=4096 token_count: 123456 tokens: 200000",
    "next_page_token: CAUQAA1b2c3d4",
    "password: required",
    "the password is case-sensitive and the token is short-lived",
    "the token is hashed with sha256, the password hash is bcrypt",
    "token = get_token()",
    "token = b64encode(pair).decode()",
    "password = os.environ['DB_PASSWORD']",
    "api_key=${API_KEY} token=$TOKEN secret={{ vault_secret }}",
    "password: <your password> / ******** / changeme",
    "token: str | None = None",
    "secret: checkout-db-creds",
    "PWD=/home/user/app",
    "password=user.password",
    "def login(password: string, token: Optional[str])",
    "sk-learn-contrib-something-long and npm_config_registry_url and hf_hub_download_file_name",
    "mailto:jane.doe42@example.com, cc: j.smith@example.com",
    "call +44 1632 960983 or 020 7946 0958",
    "at 1700000000000000 microseconds",
    "4242 4242 4242 4243 fails the check digit",
    "IBAN GB29 NWBK 6016 1331 9268 19",
    "import secrets; secrets.token_urlsafe(32)",
    "Bearer token authentication is used",
    "https://user:password@host/ and postgres://USER:${PASSWORD}@host",
    "http://localhost:8080/@scope/pkg@1.2.3",
    "kubectl get secret app-secrets-v2 -o yaml",
    "password was reset on 2026-03-04",
    "NotificationServiceHelper.config.some_function_name_very_long",
    "server=APACHEHTTPSERVER x",
    "AK" + "IAIOSFODNN7EXAMPLE is the key that the documentation shows",
    "1234567890:a-file-name-of-exactly-that-length-or-more",
]


@pytest.mark.parametrize(("text", "secret", "kind"), SECRETS)
def test_a_secret_goes_and_its_kind_stays(text: str, secret: str, kind: str) -> None:
    after = redact(text)
    assert secret not in after
    assert f"[redacted:{kind}]" in after or "[redacted:credentials]" in after
    assert contains_secret(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text
    assert not contains_secret(text)


def test_only_the_secret_goes() -> None:
    assert redact("postgres://app:s3cr3tPw9@db:5432/x?ssl=1") == "postgres://app:[redacted:credentials]@db:5432/x?ssl=1"
    assert redact('{"password": "Zx81!spectrum", "n": 1}') == '{"password": "[redacted:assigned]", "n": 1}'
    assert redact("my password is Sommer2026. Thanks") == "my password is [redacted:stated]. Thanks"
    assert redact("?token=9a8b7c6d5e4f&user=bob") == "?token=[redacted:assigned]&user=bob"
    assert redact(f"before\n{PEM}\nafter") == "before\n[redacted:private-key]\nafter"


def test_every_secret_of_a_text_goes() -> None:
    texts, secrets = [text for text, _, _ in SECRETS], [secret for _, secret, _ in SECRETS]
    after = redact("\n\n".join(texts))
    assert [secret for secret in secrets if secret in after] == []


@pytest.mark.parametrize("at", [3_590, 3_600, 4_000, 12_345, 99_990])
def test_where_a_secret_stands_in_a_long_text_does_not_matter(at: int) -> None:
    text = "word " * (at // 5) + "x" * (at % 5) + f" {GITHUB} " + "word " * 2_000
    assert redact(text) == text.replace(GITHUB, "[redacted:token]")


def test_half_a_character_hides_nothing() -> None:
    text = "\ud800 linear_key = lin_·api_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3".replace("·", "")
    assert redact(text) == "\ud800 linear_key = [redacted:token]"


def test_a_very_long_secret_goes_whole() -> None:
    assert redact("DB_PASSWORD=" + "aB3" * 5_000 + " end") == "DB_PASSWORD=[redacted:assigned] end"
    assert redact("Bearer " + "aB3" * 5_000 + " end") == "Bearer [redacted:header] end"


def test_a_secret_that_another_one_hides_goes_too() -> None:
    assert redact(f"4242 4242 4242 4242{SLACK}") == "[redacted:card][redacted:token]"


def test_what_follows_a_marker_is_not_taken_for_its_value() -> None:
    assert redact(f"{GITHUB}: made2024abc") == "[redacted:token]: made2024abc"
    assert redact("[redacted:credentials] is x9kk21abz") == "[redacted:credentials] is x9kk21abz"


def test_secrets_of_every_kind_in_a_line_of_json_in_json_go() -> None:
    text = r'{"arguments": "{\"url\": \"https://u:s3cr3tPw9@h/\", \"token\": \"aB3dE5fG7hI9jK1l\", \"n\": 7}"}'
    after = redact(text)
    assert "s3cr3tPw9" not in after
    assert "aB3dE5fG7hI9jK1l" not in after
    assert after.endswith(r"\"n\": 7}" + '"}')


PIECES = st.sampled_from(
    [
        *(
            "password",
            "password=",
            "token: ",
            "://u:",
            "@host.x",
            " is ",
            "login",
            "a / ",
            "Bearer ",
            "4242 4242 4242 4242",
        ),
        *(
            "1234 ",
            "s" + "k-",
            "gh" + "p_",
            "ey" + "J",
            "aB3dE5fG7hI9jK1l",
            "hunter2xyz",
            "A" * 20,
            "\n",
            " ",
            '"',
            "'",
        ),
        *("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", "\\", "[redacted:token]", "[redacted:", "]", "="),
        *("-u ", "x:", "--", "?sig=", ".", "/", "AKC", "AP1", "xo" + "xb-1-", "$", "{", "}", "&", ",", ";"),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=14).map("".join)


@given(TEXTS)
def test_redacting_again_changes_nothing_and_agrees_with_finding(text: str) -> None:
    after = redact(text)
    assert redact(after) == after
    assert not contains_secret(after)
    assert contains_secret(text) == (after != text)


@given(
    st.text("abcdefghjkmnpqrstuvwxyz", min_size=4, max_size=8),
    st.integers(10, 99_999),
    st.text("ABCDEFGHJKLMNPQR", min_size=4, max_size=8),
    st.sampled_from(["DB_PASSWORD={}", '"password": "{}"', "Password: {}", "--password {}", "db://app:{}@host/x"]),
)
def test_any_mingled_password_goes_in_every_place(small: str, number: int, capital: str, place: str) -> None:
    password = f"{capital[:2]}{small}{number}{capital[2:]}"
    assert password not in redact(f"see {place.format(password)} there")


HOSTILE = [
    *(
        "a",
        "password=",
        "token=token=",
        "token=aB3dE5",
        "://a:",
        "://a:b@",
        "-----BEGIN PRIVATE KEY-----",
        "1234 ",
        "eyJ",
        "4111",
    ),
    *(
        "eyJaaaaaaaaaa.",
        "sk-",
        "sk_live_",
        "login a/",
        "-u a:b",
        "mysql ",
        "mysql -",
        "name: x_",
        "password is ",
        "a.b:",
    ),
    *("[redacted:token]", "x:aaaaaaa@", "xoxb-1-", "password for a b c d ", "\\", "`", " ", "\n", "MNOa."),
    *(
        "é adafruit_key=",
        "adafruit_key=aio_aB3dE5fG7hI9jK1lM2nO3pQ4rS5t é",
        "$6$aa",
        "|a|password|\n|--|\n",
        "password\n",
    ),
    *("recovery codes: a1b2-c3d4, ", "lamp seed phrase: ", "<input value=a ", "set-cookie: a=b", "mysql://a:b/"),
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_costs_no_more_than_its_length(unit: str) -> None:
    check_linear(text_of(unit), redact, HOSTILE_CHARS)


@pytest.mark.parametrize("part", ["seen", "held out"])
def test_secrets_of_the_corpus_go_and_what_looks_alike_stays(part: Part) -> None:
    real, decoys = ([one for one in every if one.part == part] for every in secrets())
    kept = [one for one in real if one.secret in redact(one.text)]
    assert len(kept) <= 0.03 * len(real), kept
    taken = [one for one in decoys if redact(one.text) != one.text]
    assert len(taken) <= 0.03 * len(decoys), taken


def test_nothing_of_a_secret_is_left_over() -> None:
    """A cut in the wrong place would leave an end that still helps to guess."""
    real, _ = secrets()
    halves = [(one, one.secret[-max(6, len(one.secret) // 2) :]) for one in real if "\n" not in one.secret]
    left = [one for one, end in halves if one.secret not in redact(one.text) and end in redact(one.text)]
    assert left == []


def test_the_corpus_of_secrets_is_large() -> None:
    real, decoys = secrets()
    assert len(real) >= 80
    assert len(decoys) >= 80
    assert len({one.secret for one in real}) == len(real)


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["aB3", "PIN "])
def test_half_a_megabyte_of_anything_is_looked_through_to_its_end(unit: str) -> None:
    assert GITHUB not in redact(f"{text_of(unit)(LONG_CHARS)} {GITHUB}")


def test_secrets_of_every_kind_go_and_harmless_texts_stay() -> None:
    open_half, held_out = more_secrets("open"), more_secrets("held-out")
    assert [one.id for one in (*open_half[0], *held_out[0]) if one.secret in redact(one.text)] == []
    assert [one.id for one in (*open_half[1], *held_out[1]) if redact(one.text) != one.text] == []
