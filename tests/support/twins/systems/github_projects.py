"""The part of GitHub's GraphQL schema that tells of projects, word for word, and one project (https://docs.github.com/en/graphql)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from graphql import build_schema, graphql_sync

_SCHEMA = build_schema(
    """
    scalar URI
    scalar Date
    interface RepositoryOwner { login: String! }
    interface ProjectV2Owner { projectV2(number: Int!): ProjectV2 }
    type Organization implements RepositoryOwner & ProjectV2Owner { login: String! projectV2(number: Int!): ProjectV2 }
    type ProjectV2 {
      title: String!
      url: URI!
      closed: Boolean!
      fields(after: String, before: String, first: Int, last: Int): ProjectV2FieldConfigurationConnection!
      items(after: String, before: String, first: Int, last: Int): ProjectV2ItemConnection!
    }
    interface ProjectV2FieldCommon { name: String! }
    type ProjectV2Field implements ProjectV2FieldCommon { name: String! }
    type ProjectV2SingleSelectField implements ProjectV2FieldCommon { name: String! }
    type ProjectV2IterationField implements ProjectV2FieldCommon {
      name: String!
      configuration: ProjectV2IterationFieldConfiguration!
    }
    type ProjectV2IterationFieldConfiguration {
      iterations: [ProjectV2IterationFieldIteration!]!
      completedIterations: [ProjectV2IterationFieldIteration!]!
    }
    type ProjectV2IterationFieldIteration { title: String! startDate: Date! duration: Int! }
    union ProjectV2FieldConfiguration = ProjectV2Field | ProjectV2SingleSelectField | ProjectV2IterationField
    type ProjectV2FieldConfigurationConnection { nodes: [ProjectV2FieldConfiguration] }
    type PageInfo { hasNextPage: Boolean! endCursor: String }
    type ProjectV2ItemConnection { totalCount: Int! pageInfo: PageInfo! nodes: [ProjectV2Item] }
    type ProjectV2Item {
      isArchived: Boolean!
      content: ProjectV2ItemContent
      fieldValues(after: String, before: String, first: Int, last: Int): ProjectV2ItemFieldValueConnection!
    }
    type ProjectV2ItemFieldValueConnection { nodes: [ProjectV2ItemFieldValue] }
    union ProjectV2ItemFieldValue = ProjectV2ItemFieldSingleSelectValue | ProjectV2ItemFieldIterationValue
    type ProjectV2ItemFieldSingleSelectValue { name: String field: ProjectV2FieldConfiguration! }
    type ProjectV2ItemFieldIterationValue { title: String! startDate: Date! duration: Int! }
    union ProjectV2ItemContent = DraftIssue | Issue | PullRequest
    type DraftIssue { title: String! }
    type Repository { nameWithOwner: String! }
    type User { login: String! }
    type UserConnection { nodes: [User] }
    enum IssueState { OPEN CLOSED }
    enum PullRequestState { OPEN CLOSED MERGED }
    type Issue {
      title: String! url: URI! number: Int! state: IssueState! repository: Repository!
      assignees(after: String, before: String, first: Int, last: Int): UserConnection!
    }
    type PullRequest {
      title: String! url: URI! number: Int! state: PullRequestState! repository: Repository!
      assignees(after: String, before: String, first: Int, last: Int): UserConnection!
    }
    type Query { repositoryOwner(login: String!): RepositoryOwner }
    """
)


def answered(asked: Any) -> Any:
    """What GitHub would say."""
    result = graphql_sync(_SCHEMA, asked["query"], {"repositoryOwner": _owner}, variable_values=asked.get("variables"))
    errors = [{"type": (error.extensions or {}).get("type"), "message": error.message} for error in result.errors or ()]
    return {"data": result.data, **({"errors": errors} if errors else {})}


def _owner(_: Any, login: str) -> Any:
    return {"__typename": "Organization", "login": login, "projectV2": lambda _, number: _project() if number == 3 else None}


def _project() -> Any:
    today = datetime.now(UTC).date()
    spans = [("Sprint 11", -14, 11), ("Sprint 12", -3, 14), ("Sprint 13", 11, 14)]
    told = [{"title": title, "startDate": str(today + timedelta(days=days)), "duration": long} for title, days, long in spans]
    configuration = {"iterations": told[1:], "completedIterations": told[:1]}
    field = {"__typename": "ProjectV2IterationField", "name": "Sprint", "configuration": configuration}
    return {
        "title": "Tills", "url": "https://github.com/orgs/acme/projects/3", "closed": False,
        "fields": lambda _, **__: {"nodes": [{"__typename": "ProjectV2Field", "name": "Title"}, field]},
        "items": lambda _, after=None, **__: _items(told, after),
    }  # fmt: skip


def _items(spans: Any, after: str | None) -> Any:
    all_of_them = [
        _item("Till 3 is slow", 1, "acme/shop", "In progress", spans[1]),
        _item("Broken scale", 3, "acme/shop", "Done", spans[1]),
        _item("Of another company", 1, "other/secret", "Todo", spans[1]),
        _item("Next time", 2, "acme/shop", "Todo", spans[2]),
    ]
    begin = int(after or 0)
    info = {"hasNextPage": begin + 2 < len(all_of_them), "endCursor": str(begin + 2)}
    return {"totalCount": len(all_of_them), "pageInfo": info, "nodes": all_of_them[begin : begin + 2]}


def _item(title: str, number: int, repository: str, status: str, span: Any) -> Any:
    content = {
        "__typename": "Issue", "title": title, "url": f"https://github.com/{repository}/issues/{number}", "number": number, "state": "OPEN",
        "repository": {"nameWithOwner": repository}, "assignees": lambda _, **__: {"nodes": [{"login": "joao"}]},
    }  # fmt: skip
    field = {"__typename": "ProjectV2SingleSelectField", "name": "Status"}
    values = [
        {"__typename": "ProjectV2ItemFieldSingleSelectValue", "name": status, "field": field},
        {"__typename": "ProjectV2ItemFieldIterationValue", **span},
    ]
    return {"isArchived": False, "content": content, "fieldValues": lambda _, **__: {"nodes": values}}
