import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TicketStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TICKET_STATUS_UNSPECIFIED: _ClassVar[TicketStatus]
    TICKET_STATUS_OPEN: _ClassVar[TicketStatus]
    TICKET_STATUS_READY: _ClassVar[TicketStatus]
    TICKET_STATUS_RUNNING: _ClassVar[TicketStatus]
    TICKET_STATUS_COMPLETED: _ClassVar[TicketStatus]
    TICKET_STATUS_FAILED: _ClassVar[TicketStatus]
    TICKET_STATUS_SKIPPED: _ClassVar[TicketStatus]
    TICKET_STATUS_CANCELLED: _ClassVar[TicketStatus]

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRIORITY_UNSPECIFIED: _ClassVar[Priority]
    PRIORITY_LOW: _ClassVar[Priority]
    PRIORITY_NORMAL: _ClassVar[Priority]
    PRIORITY_HIGH: _ClassVar[Priority]
    PRIORITY_URGENT: _ClassVar[Priority]

class Owner(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OWNER_UNSPECIFIED: _ClassVar[Owner]
    OWNER_RUN: _ClassVar[Owner]
    OWNER_WORKER: _ClassVar[Owner]
    OWNER_PERSON: _ClassVar[Owner]
TICKET_STATUS_UNSPECIFIED: TicketStatus
TICKET_STATUS_OPEN: TicketStatus
TICKET_STATUS_READY: TicketStatus
TICKET_STATUS_RUNNING: TicketStatus
TICKET_STATUS_COMPLETED: TicketStatus
TICKET_STATUS_FAILED: TicketStatus
TICKET_STATUS_SKIPPED: TicketStatus
TICKET_STATUS_CANCELLED: TicketStatus
PRIORITY_UNSPECIFIED: Priority
PRIORITY_LOW: Priority
PRIORITY_NORMAL: Priority
PRIORITY_HIGH: Priority
PRIORITY_URGENT: Priority
OWNER_UNSPECIFIED: Owner
OWNER_RUN: Owner
OWNER_WORKER: Owner
OWNER_PERSON: Owner

class Assignee(_message.Message):
    __slots__ = ("worker_group", "agent", "edge_node", "person")
    WORKER_GROUP_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    EDGE_NODE_FIELD_NUMBER: _ClassVar[int]
    PERSON_FIELD_NUMBER: _ClassVar[int]
    worker_group: str
    agent: str
    edge_node: str
    person: str
    def __init__(self, worker_group: _Optional[str] = ..., agent: _Optional[str] = ..., edge_node: _Optional[str] = ..., person: _Optional[str] = ...) -> None: ...

class Ticket(_message.Message):
    __slots__ = ("ticket_id", "intent_id", "plan_id", "run_id", "namespace", "kind", "title", "status", "priority", "assignee", "input_json", "result_json", "problem", "after", "labels", "deadline", "sla", "begins", "created", "updated", "ended", "revision", "attempts", "fence", "worker", "actor", "owner")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TICKET_ID_FIELD_NUMBER: _ClassVar[int]
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    INPUT_JSON_FIELD_NUMBER: _ClassVar[int]
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    SLA_FIELD_NUMBER: _ClassVar[int]
    BEGINS_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    UPDATED_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    WORKER_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    ticket_id: str
    intent_id: str
    plan_id: str
    run_id: str
    namespace: str
    kind: str
    title: str
    status: TicketStatus
    priority: Priority
    assignee: Assignee
    input_json: str
    result_json: str
    problem: Problem
    after: _containers.RepeatedScalarFieldContainer[str]
    labels: _containers.ScalarMap[str, str]
    deadline: _timestamp_pb2.Timestamp
    sla: _duration_pb2.Duration
    begins: _timestamp_pb2.Timestamp
    created: _timestamp_pb2.Timestamp
    updated: _timestamp_pb2.Timestamp
    ended: _timestamp_pb2.Timestamp
    revision: int
    attempts: int
    fence: int
    worker: str
    actor: str
    owner: Owner
    def __init__(self, ticket_id: _Optional[str] = ..., intent_id: _Optional[str] = ..., plan_id: _Optional[str] = ..., run_id: _Optional[str] = ..., namespace: _Optional[str] = ..., kind: _Optional[str] = ..., title: _Optional[str] = ..., status: _Optional[_Union[TicketStatus, str]] = ..., priority: _Optional[_Union[Priority, str]] = ..., assignee: _Optional[_Union[Assignee, _Mapping]] = ..., input_json: _Optional[str] = ..., result_json: _Optional[str] = ..., problem: _Optional[_Union[Problem, _Mapping]] = ..., after: _Optional[_Iterable[str]] = ..., labels: _Optional[_Mapping[str, str]] = ..., deadline: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sla: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., begins: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., updated: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revision: _Optional[int] = ..., attempts: _Optional[int] = ..., fence: _Optional[int] = ..., worker: _Optional[str] = ..., actor: _Optional[str] = ..., owner: _Optional[_Union[Owner, str]] = ...) -> None: ...

class Problem(_message.Message):
    __slots__ = ("code", "detail")
    CODE_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    code: str
    detail: str
    def __init__(self, code: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class GetTicketRequest(_message.Message):
    __slots__ = ("ticket_id",)
    TICKET_ID_FIELD_NUMBER: _ClassVar[int]
    ticket_id: str
    def __init__(self, ticket_id: _Optional[str] = ...) -> None: ...

class TicketFilter(_message.Message):
    __slots__ = ("plan_id", "intent_id", "statuses", "priorities", "kinds", "namespace", "labels", "text", "assignee", "overdue")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    STATUSES_FIELD_NUMBER: _ClassVar[int]
    PRIORITIES_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    OVERDUE_FIELD_NUMBER: _ClassVar[int]
    plan_id: str
    intent_id: str
    statuses: _containers.RepeatedScalarFieldContainer[TicketStatus]
    priorities: _containers.RepeatedScalarFieldContainer[Priority]
    kinds: _containers.RepeatedScalarFieldContainer[str]
    namespace: str
    labels: _containers.ScalarMap[str, str]
    text: str
    assignee: Assignee
    overdue: bool
    def __init__(self, plan_id: _Optional[str] = ..., intent_id: _Optional[str] = ..., statuses: _Optional[_Iterable[_Union[TicketStatus, str]]] = ..., priorities: _Optional[_Iterable[_Union[Priority, str]]] = ..., kinds: _Optional[_Iterable[str]] = ..., namespace: _Optional[str] = ..., labels: _Optional[_Mapping[str, str]] = ..., text: _Optional[str] = ..., assignee: _Optional[_Union[Assignee, _Mapping]] = ..., overdue: _Optional[bool] = ...) -> None: ...

class ListTicketsRequest(_message.Message):
    __slots__ = ("filter", "page_size", "page_token")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    filter: TicketFilter
    page_size: int
    page_token: str
    def __init__(self, filter: _Optional[_Union[TicketFilter, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListTicketsResponse(_message.Message):
    __slots__ = ("tickets", "next_page_token")
    TICKETS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tickets: _containers.RepeatedCompositeFieldContainer[Ticket]
    next_page_token: str
    def __init__(self, tickets: _Optional[_Iterable[_Union[Ticket, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class NewTicket(_message.Message):
    __slots__ = ("request_id", "kind", "title", "input_json", "namespace", "intent_id", "plan_id", "after", "priority", "assignee", "labels", "deadline", "sla", "begins", "reason")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    INPUT_JSON_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    INTENT_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEE_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_FIELD_NUMBER: _ClassVar[int]
    SLA_FIELD_NUMBER: _ClassVar[int]
    BEGINS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    kind: str
    title: str
    input_json: str
    namespace: str
    intent_id: str
    plan_id: str
    after: _containers.RepeatedScalarFieldContainer[str]
    priority: Priority
    assignee: Assignee
    labels: _containers.ScalarMap[str, str]
    deadline: _timestamp_pb2.Timestamp
    sla: _duration_pb2.Duration
    begins: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., kind: _Optional[str] = ..., title: _Optional[str] = ..., input_json: _Optional[str] = ..., namespace: _Optional[str] = ..., intent_id: _Optional[str] = ..., plan_id: _Optional[str] = ..., after: _Optional[_Iterable[str]] = ..., priority: _Optional[_Union[Priority, str]] = ..., assignee: _Optional[_Union[Assignee, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., deadline: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sla: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., begins: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class CreateTicketRequest(_message.Message):
    __slots__ = ("ticket",)
    TICKET_FIELD_NUMBER: _ClassVar[int]
    ticket: NewTicket
    def __init__(self, ticket: _Optional[_Union[NewTicket, _Mapping]] = ...) -> None: ...

class CreateTicketsRequest(_message.Message):
    __slots__ = ("tickets",)
    TICKETS_FIELD_NUMBER: _ClassVar[int]
    tickets: _containers.RepeatedCompositeFieldContainer[NewTicket]
    def __init__(self, tickets: _Optional[_Iterable[_Union[NewTicket, _Mapping]]] = ...) -> None: ...

class CreateTicketsResponse(_message.Message):
    __slots__ = ("tickets",)
    TICKETS_FIELD_NUMBER: _ClassVar[int]
    tickets: _containers.RepeatedCompositeFieldContainer[Ticket]
    def __init__(self, tickets: _Optional[_Iterable[_Union[Ticket, _Mapping]]] = ...) -> None: ...

class UpdateTicketStatusRequest(_message.Message):
    __slots__ = ("ticket_id", "status", "reason", "revision", "result_json")
    TICKET_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    ticket_id: str
    status: TicketStatus
    reason: str
    revision: int
    result_json: str
    def __init__(self, ticket_id: _Optional[str] = ..., status: _Optional[_Union[TicketStatus, str]] = ..., reason: _Optional[str] = ..., revision: _Optional[int] = ..., result_json: _Optional[str] = ...) -> None: ...

class CommentTicketRequest(_message.Message):
    __slots__ = ("ticket_id", "text", "request_id")
    TICKET_ID_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ticket_id: str
    text: str
    request_id: str
    def __init__(self, ticket_id: _Optional[str] = ..., text: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class Comment(_message.Message):
    __slots__ = ("comment_id", "ticket_id", "actor", "at", "text")
    COMMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TICKET_ID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    comment_id: str
    ticket_id: str
    actor: str
    at: _timestamp_pb2.Timestamp
    text: str
    def __init__(self, comment_id: _Optional[str] = ..., ticket_id: _Optional[str] = ..., actor: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., text: _Optional[str] = ...) -> None: ...

class ListCommentsRequest(_message.Message):
    __slots__ = ("ticket_id",)
    TICKET_ID_FIELD_NUMBER: _ClassVar[int]
    ticket_id: str
    def __init__(self, ticket_id: _Optional[str] = ...) -> None: ...

class ListCommentsResponse(_message.Message):
    __slots__ = ("comments",)
    COMMENTS_FIELD_NUMBER: _ClassVar[int]
    comments: _containers.RepeatedCompositeFieldContainer[Comment]
    def __init__(self, comments: _Optional[_Iterable[_Union[Comment, _Mapping]]] = ...) -> None: ...

class LeaseTicketsRequest(_message.Message):
    __slots__ = ("worker", "kinds", "namespace", "assignees", "most", "lease_for", "wait", "request_id")
    WORKER_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    ASSIGNEES_FIELD_NUMBER: _ClassVar[int]
    MOST_FIELD_NUMBER: _ClassVar[int]
    LEASE_FOR_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    worker: str
    kinds: _containers.RepeatedScalarFieldContainer[str]
    namespace: str
    assignees: _containers.RepeatedCompositeFieldContainer[Assignee]
    most: int
    lease_for: _duration_pb2.Duration
    wait: _duration_pb2.Duration
    request_id: str
    def __init__(self, worker: _Optional[str] = ..., kinds: _Optional[_Iterable[str]] = ..., namespace: _Optional[str] = ..., assignees: _Optional[_Iterable[_Union[Assignee, _Mapping]]] = ..., most: _Optional[int] = ..., lease_for: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class Lease(_message.Message):
    __slots__ = ("lease_id", "token", "expires", "lease_for", "tickets", "lost")
    LEASE_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    LEASE_FOR_FIELD_NUMBER: _ClassVar[int]
    TICKETS_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    lease_id: str
    token: str
    expires: _timestamp_pb2.Timestamp
    lease_for: _duration_pb2.Duration
    tickets: _containers.RepeatedCompositeFieldContainer[Ticket]
    lost: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, lease_id: _Optional[str] = ..., token: _Optional[str] = ..., expires: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lease_for: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., tickets: _Optional[_Iterable[_Union[Ticket, _Mapping]]] = ..., lost: _Optional[_Iterable[str]] = ...) -> None: ...

class HeartbeatRequest(_message.Message):
    __slots__ = ("ticket_ids", "lease_token")
    TICKET_IDS_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ticket_ids: _containers.RepeatedScalarFieldContainer[str]
    lease_token: str
    def __init__(self, ticket_ids: _Optional[_Iterable[str]] = ..., lease_token: _Optional[str] = ...) -> None: ...

class Completion(_message.Message):
    __slots__ = ("ticket_id", "fence", "result_json")
    TICKET_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    RESULT_JSON_FIELD_NUMBER: _ClassVar[int]
    ticket_id: str
    fence: int
    result_json: str
    def __init__(self, ticket_id: _Optional[str] = ..., fence: _Optional[int] = ..., result_json: _Optional[str] = ...) -> None: ...

class CompleteTicketRequest(_message.Message):
    __slots__ = ("completion", "lease_token")
    COMPLETION_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    completion: Completion
    lease_token: str
    def __init__(self, completion: _Optional[_Union[Completion, _Mapping]] = ..., lease_token: _Optional[str] = ...) -> None: ...

class CompleteTicketsRequest(_message.Message):
    __slots__ = ("completions", "lease_token")
    COMPLETIONS_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    completions: _containers.RepeatedCompositeFieldContainer[Completion]
    lease_token: str
    def __init__(self, completions: _Optional[_Iterable[_Union[Completion, _Mapping]]] = ..., lease_token: _Optional[str] = ...) -> None: ...

class CompleteTicketsResponse(_message.Message):
    __slots__ = ("completed", "refused")
    class RefusedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Problem
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Problem, _Mapping]] = ...) -> None: ...
    COMPLETED_FIELD_NUMBER: _ClassVar[int]
    REFUSED_FIELD_NUMBER: _ClassVar[int]
    completed: _containers.RepeatedScalarFieldContainer[str]
    refused: _containers.MessageMap[str, Problem]
    def __init__(self, completed: _Optional[_Iterable[str]] = ..., refused: _Optional[_Mapping[str, Problem]] = ...) -> None: ...

class FailTicketRequest(_message.Message):
    __slots__ = ("ticket_id", "fence", "problem", "retry", "retry_after", "lease_token")
    TICKET_ID_FIELD_NUMBER: _ClassVar[int]
    FENCE_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    LEASE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ticket_id: str
    fence: int
    problem: Problem
    retry: bool
    retry_after: _duration_pb2.Duration
    lease_token: str
    def __init__(self, ticket_id: _Optional[str] = ..., fence: _Optional[int] = ..., problem: _Optional[_Union[Problem, _Mapping]] = ..., retry: _Optional[bool] = ..., retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., lease_token: _Optional[str] = ...) -> None: ...

class WatchTicketsRequest(_message.Message):
    __slots__ = ("filter", "after")
    FILTER_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    filter: TicketFilter
    after: str
    def __init__(self, filter: _Optional[_Union[TicketFilter, _Mapping]] = ..., after: _Optional[str] = ...) -> None: ...

class TicketChange(_message.Message):
    __slots__ = ("position", "ticket", "type", "actor", "at")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    position: str
    ticket: Ticket
    type: str
    actor: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, position: _Optional[str] = ..., ticket: _Optional[_Union[Ticket, _Mapping]] = ..., type: _Optional[str] = ..., actor: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Kind(_message.Message):
    __slots__ = ("name", "version", "description", "input_schema_json", "result_schema_json", "lease", "attempts", "created")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    INPUT_SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    RESULT_SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    LEASE_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    description: str
    input_schema_json: str
    result_schema_json: str
    lease: _duration_pb2.Duration
    attempts: int
    created: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., description: _Optional[str] = ..., input_schema_json: _Optional[str] = ..., result_schema_json: _Optional[str] = ..., lease: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., attempts: _Optional[int] = ..., created: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RegisterKindRequest(_message.Message):
    __slots__ = ("kind", "reason")
    KIND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    kind: Kind
    reason: str
    def __init__(self, kind: _Optional[_Union[Kind, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...

class ListKindsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListKindsResponse(_message.Message):
    __slots__ = ("kinds",)
    KINDS_FIELD_NUMBER: _ClassVar[int]
    kinds: _containers.RepeatedCompositeFieldContainer[Kind]
    def __init__(self, kinds: _Optional[_Iterable[_Union[Kind, _Mapping]]] = ...) -> None: ...
