"""Agent skills: uploaded as a ZIP, listed, read file by file and as a whole (wire contract, B.8 and E)."""

import io
import json
import zipfile
from pathlib import Path

import httpx
import pytest
from acontext import AcontextClient, FileUpload

from tests.support.listed import skills_of
from tests.support.wire import data_of, items_of, object_of, sentence_of, unknown_id
from tests.support.zips import skill_md, upload, zip_of

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000")

# Every kind of file, the awkward ones among them.
FILES: dict[str, str | bytes] = {
    "SKILL.md": skill_md("all-kinds"),
    "notes/deep/er/topic.md": "# Topic\n\n- \u00fc\u4e2d\U0001f600\n",
    "notes/with space & sign+.md": "text",
    "notes/\u00fcmlaut.md": "text",
    "scripts/run.py": "print('hello')\n",
    "scripts/run.sh": "#!/bin/sh\nexit 0\n",
    "data/good.json": '{"a": 1}',
    "data/bad.json": '{"a": ',
    "data/good.csv": "a,b\n1,2\n",
    "data/ragged.csv": "a,b\n1,2,3\n",
    "data/config.yaml": "a: 1\n",
    "data/empty.txt": "",
    "data/latin.txt": "gr\u00fc\u00df".encode("latin-1"),
    "assets/pixel.png": PNG,
    "assets/blob.bin": bytes(range(256)),
    "assets/big.bin": bytes(range(256)) * 1_000,
}


def expected() -> dict[str, bytes]:
    return {path: text.encode() if isinstance(text, str) else text for path, text in FILES.items()}


def test_an_uploaded_skill_is_answered_with_its_fields(http: httpx.Client, user: str) -> None:
    archive = zip_of({"SKILL.md": skill_md("answered", "Answers. Use it when asked.")})
    files = {"file": ("answered.ZIP", archive, "application/zip")}
    response = http.post("/agent_skills", files=files, data={"user": user, "meta": json.dumps({"v": 1})})
    skill = object_of(response, 201)
    assert skill["name"] == "answered"
    assert skill["description"] == "Answers. Use it when asked."
    assert skill["meta"] == {"v": 1}
    assert skill["user_id"]
    assert skill["disk_id"]
    assert isinstance(skill["file_index"], list)
    assert [sorted(entry) for entry in skill["file_index"] if isinstance(entry, dict)] == [["mime", "path"]]
    assert {"id", "created_at", "updated_at"} <= set(skill)
    got = object_of(http.get(f"/agent_skills/{skill['id']}"))
    assert {key: got[key] for key in skill if key != "warnings"} == {
        key: value for key, value in skill.items() if key != "warnings"
    }


def test_every_file_of_the_index_can_be_fetched(client: AcontextClient) -> None:
    skill = upload(client, FILES)
    assert sorted(file.path for file in skill.file_index) == sorted(FILES)
    for path, data in expected().items():
        got = client.skills.get_file(skill_id=skill.id, file_path=path)
        assert got.path == path
        assert got.mime
        assert (got.content is None) != (got.url is None), "exactly one of content and url"
        if got.content is not None:
            assert got.content.raw.encode() == data
        else:
            assert httpx.get(str(got.url)).content == data


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("SKILL.md", "text"),
        ("notes/deep/er/topic.md", "text"),
        ("scripts/run.py", "code"),
        ("scripts/run.sh", "code"),
        ("data/good.json", "json"),
        ("data/good.csv", "csv"),
        ("data/config.yaml", "text"),
        ("assets/pixel.png", None),
        ("assets/blob.bin", None),
    ],
)
def test_a_file_is_text_of_a_kind_or_a_url(client: AcontextClient, path: str, kind: str | None) -> None:
    skill = upload(client, {"SKILL.md": FILES["SKILL.md"], path: FILES[path]})
    got = client.skills.get_file(skill_id=skill.id, file_path=path)
    assert (got.content.type if got.content else None) == kind


def test_a_files_url_needs_no_key_and_downloads(client: AcontextClient) -> None:
    skill = upload(client, {"SKILL.md": FILES["SKILL.md"], "pixel.png": PNG})
    url = client.skills.get_file(skill_id=skill.id, file_path="pixel.png", expire=60).url
    assert url is not None
    response = httpx.get(url)
    assert response.status_code == 200
    assert response.content == PNG
    assert response.headers["content-type"].startswith("image/png")
    assert "attachment" in response.headers["content-disposition"]
    token = url.rsplit("/", 1)[1]
    forged = ("A" if token[0] != "A" else "B") + token[1:]
    assert httpx.get(url.replace(token, forged)).status_code == 404


def test_a_skill_downloads_as_a_zip_of_all_its_files(client: AcontextClient, http: httpx.Client) -> None:
    skill = upload(client, FILES)
    with zipfile.ZipFile(io.BytesIO(client.skills.download_zip(skill.id))) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    # The manifest leads an import back to the skill.
    assert json.loads(found.pop(".seasoned.json"))["skill_id"] == skill.id
    assert found == expected()
    response = http.get(f"/agent_skills/{skill.id}/download_zip")
    assert response.headers["content-type"] == "application/zip"
    assert "attachment" in response.headers["content-disposition"]
    assert "all-kinds.zip" in response.headers["content-disposition"]


def test_a_downloaded_zip_can_be_uploaded_again(client: AcontextClient) -> None:
    first = upload(client, FILES)
    file = FileUpload(filename="again.zip", content=client.skills.download_zip(first.id))
    second = client.skills.create(file=file)
    assert second.id != first.id
    assert second.file_index == first.file_index


def test_a_skill_downloads_into_a_folder(client: AcontextClient, tmp_path: Path) -> None:
    skill = upload(client, FILES)
    done = client.skills.download(skill_id=skill.id, path=str(tmp_path / "copy"))
    assert sorted(done.files) == sorted(FILES)
    assert {path: (tmp_path / "copy" / path).read_bytes() for path in done.files} == expected()


def test_one_folder_around_all_files_is_taken_off_and_litter_is_left_out(client: AcontextClient) -> None:
    skill = upload(
        client,
        {
            "my-skill/": b"",
            "my-skill/SKILL.md": skill_md("my-skill"),
            "my-skill/references/a.md": "a",
            "my-skill/.DS_Store": b"\0",
            "my-skill/._SKILL.md": b"\0",
            "__MACOSX/my-skill/._SKILL.md": b"\0",
        },
    )
    assert sorted(file.path for file in skill.file_index) == ["SKILL.md", "references/a.md"]


def test_a_skill_deep_in_a_repository_is_taken_without_the_rest(http: httpx.Client) -> None:
    head = skill_md("deep")
    archive = zip_of(
        {"shop-main/README.md": "x", "shop-main/skills/deep/SKILL.md": head, "shop-main/skills/deep/a.md": "a"}
    )
    skill = object_of(http.post("/agent_skills", files={"file": ("deep.zip", archive)}), 201)
    assert isinstance(skill["file_index"], list)
    assert [file["path"] for file in skill["file_index"] if isinstance(file, dict)] == ["SKILL.md", "a.md"]
    assert skill["warnings"] == [
        "Only the folder 'skills/deep/' of the ZIP was taken; what is outside of it stayed out."
    ]


def test_a_zip_of_two_skills_is_refused_and_nothing_is_stored(http: httpx.Client, user: str) -> None:
    archive = zip_of({"one/SKILL.md": skill_md("one"), "two/SKILL.md": skill_md("two")})
    response = http.post("/agent_skills", data={"user": user}, files={"file": ("two.zip", archive)})
    assert "'one/' and 'two/'" in sentence_of(response, 400)
    assert items_of(http.get("/agent_skills", params={"user": user})) == []


def test_a_name_that_the_standard_refuses_is_stored_as_upstream_does_with_a_warning(http: httpx.Client) -> None:
    archive = zip_of({"Big_Skill/SKILL.md": skill_md("Big Skill")})
    skill = object_of(http.post("/agent_skills", files={"file": ("big.zip", archive)}), 201)
    assert skill["name"] == "Big-Skill"
    assert "'Big Skill' is not 1-64 lower-case letters" in str(skill["warnings"])


def test_the_skill_file_may_be_written_in_any_case(client: AcontextClient) -> None:
    skill = upload(client, {"skill.md": skill_md("lower")})
    assert skill.name == "lower"
    for file in skill.file_index:
        assert client.skills.get_file(skill_id=skill.id, file_path=file.path).content is not None


def test_characters_that_a_name_may_not_have_become_hyphens(client: AcontextClient) -> None:
    assert upload(client, {"SKILL.md": skill_md('"My Skill: v2"')}).name == "My-Skill--v2"


@pytest.mark.parametrize(
    "head",
    [
        'name: "\\UFFFFFFFF"\ndescription: d',
        'name: n\ndescription: "\\uD800"',
        'name: "a\\uD800"\ndescription: d',
        f"%YAML 1.{'1' * 5_000}\nname: n\ndescription: d",
        'name: n\ndescription: d\n"\\uD800": x',
        'name: "a\\0b"\ndescription: d',
        'name: "a\\nb"\ndescription: d',
        'name: "a\\e[31m"\ndescription: d',
    ],
)
def test_a_head_with_odd_characters_is_refused_and_nothing_is_stored(http: httpx.Client, user: str, head: str) -> None:
    files = {"file": ("s.zip", zip_of({"SKILL.md": f"---\n{head}\n---\n# A\n"}), "application/zip")}
    sentence_of(http.post("/agent_skills", data={"user": user}, files=files), 400)
    assert items_of(http.get("/agent_skills", params={"user": user})) == []


def test_what_an_export_notes_is_no_part_of_an_upload(client: AcontextClient) -> None:
    skill = upload(client, {"SKILL.md": skill_md("exported"), ".seasoned.json": "{}"})
    assert [file.path for file in skill.file_index] == ["SKILL.md"]


def test_names_need_not_be_unique_in_a_project(client: AcontextClient) -> None:
    first, second = (upload(client, {"SKILL.md": skill_md("twin")}) for _ in range(2))
    assert first.id != second.id
    assert first.name == second.name


def test_the_catalog_lists_a_users_skills_in_pages(client: AcontextClient, http: httpx.Client, user: str) -> None:
    names = [f"skill-{number}" for number in range(5)]
    for name in names:
        upload(client, {"SKILL.md": skill_md(name, f"Is {name}. Use it.")}, user=user)
    assert [item.name for item in client.skills.list_catalog(user=user).items] == names
    assert client.skills.list_catalog(user=user).items[0].description == "Is skill-0. Use it."
    newest = client.skills.list_catalog(user=user, limit=3, time_desc=True)
    rest = client.skills.list_catalog(user=user, limit=3, time_desc=True, cursor=newest.next_cursor)
    assert [item.name for item in (*newest.items, *rest.items)] == names[::-1]
    assert newest.has_more
    assert not rest.has_more
    for item in items_of(http.get("/agent_skills", params={"user": user})):
        assert {"id", "user_id", "name", "description", "file_index", "meta", "created_at", "updated_at"} <= set(item)
        assert "disk_id" not in item


def test_the_default_skills_of_a_users_space_are_in_the_catalog(client: AcontextClient, user: str) -> None:
    client.learning_spaces.create(user=user)
    names = [item.name for item in client.skills.list_catalog(user=user).items]
    assert names == ["daily-logs", "user-general-facts"]


def test_deleting_a_skill_takes_it_out_of_its_spaces(client: AcontextClient, http: httpx.Client) -> None:
    space, skill = client.learning_spaces.create(), upload(client, {"SKILL.md": skill_md("short-lived")})
    client.learning_spaces.include_skill(space.id, skill_id=skill.id)
    data_of(http.delete(f"/agent_skills/{skill.id}"))
    assert [one.name for one in skills_of(client, space.id)] == ["daily-logs", "user-general-facts"]
    for path in ("", "/file?file_path=SKILL.md", "/download_zip"):
        sentence_of(http.get(f"/agent_skills/{skill.id}{path}"), 404)
    sentence_of(http.delete(f"/agent_skills/{skill.id}"), 404)


def test_files_that_are_not_there_answer_404(client: AcontextClient, http: httpx.Client) -> None:
    skill = upload(client, {"SKILL.md": skill_md("small"), "notes/a.md": "a"})
    sentence_of(http.get(f"/agent_skills/{skill.id}/file"), 400)
    for path in ("b.md", "notes", "notes/", "skill.md.bak", "notes/b.md"):
        sentence_of(http.get(f"/agent_skills/{skill.id}/file", params={"file_path": path}), 404)
    for path in ("../SKILL.md", "/etc/passwd", "notes/../../../etc/passwd", "..\\x", "a\x00b"):
        sentence_of(http.get(f"/agent_skills/{skill.id}/file", params={"file_path": path}), 400, 404)


def test_a_nonsensical_expiry_is_ignored(client: AcontextClient, http: httpx.Client) -> None:
    skill = upload(client, {"SKILL.md": skill_md("expiring"), "pixel.png": PNG})
    for expire in ("soon", "-5", "1e9", "9" * 50, ""):
        params = {"file_path": "pixel.png", "expire": expire}
        assert object_of(http.get(f"/agent_skills/{skill.id}/file", params=params))["url"]


def test_unknown_skills_answer_404(http: httpx.Client) -> None:
    nothing = unknown_id()
    sentence_of(http.get(f"/agent_skills/{nothing}"), 404)
    sentence_of(http.delete(f"/agent_skills/{nothing}"), 404)
    sentence_of(http.get(f"/agent_skills/{nothing}/file", params={"file_path": "SKILL.md"}), 404)
    sentence_of(http.get(f"/agent_skills/{nothing}/download_zip"), 404)
