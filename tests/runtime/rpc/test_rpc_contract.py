"""The contracts of gRPC are published as they are, and never broken."""

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from google.protobuf import text_format
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet

ROOT = Path(__file__).parents[3]


def loaded() -> ModuleType:
    """tools/proto.py, which is no package."""
    spec = importlib.util.spec_from_file_location("hulk_proto_tool", ROOT / "tools/proto.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


tool = loaded()

RELEASED = """
package: "shop.v1" syntax: "proto3"
message_type {
  name: "Order"
  field { name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL json_name: "id" }
  field { name: "lines" number: 2 type: TYPE_MESSAGE type_name: ".shop.v1.Order.Line" label: LABEL_REPEATED json_name: "lines" }
  field { name: "card" number: 3 type: TYPE_STRING label: LABEL_OPTIONAL json_name: "card" oneof_index: 0 }
  field { name: "cash" number: 4 type: TYPE_BOOL label: LABEL_OPTIONAL json_name: "cash" oneof_index: 0 }
  oneof_decl { name: "paid" }
  reserved_range { start: 9 end: 10 }
  reserved_name: "old"
  nested_type { name: "Line" field { name: "sku" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL json_name: "sku" } }
}
enum_type { name: "State" value { name: "NEW" number: 0 } value { name: "SENT" number: 1 } }
service {
  name: "Shop"
  method { name: "Get" input_type: ".shop.v1.Order" output_type: ".shop.v1.Order" }
  method { name: "Watch" input_type: ".shop.v1.Order" output_type: ".shop.v1.Order" server_streaming: true }
}
"""


def contract() -> FileDescriptorProto:
    """A small one."""
    return text_format.Parse(RELEASED, FileDescriptorProto())


Edit = Callable[[FileDescriptorProto], object]


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        pytest.param(lambda file: setattr(file, "package", "shop.v2"), "the package shop.v1 became shop.v2", id="package"),
        pytest.param(lambda file: file.message_type.pop(), "the message Order is gone", id="message"),
        pytest.param(lambda file: file.message_type[0].nested_type.pop(), "the message Order.Line is gone", id="message inside"),
        pytest.param(lambda file: file.message_type[0].field.pop(0), "the field Order.id = 1 is gone", id="field"),
        pytest.param(
            lambda file: setattr(file.message_type[0].field[0], "number", 7), "the field Order.id = 1 is gone", id="field's number"
        ),
        pytest.param(
            lambda file: setattr(file.message_type[0].field[0], "name", "key"), "the field Order.id = 1: its name id became key", id="name"
        ),
        pytest.param(
            lambda file: setattr(file.message_type[0].field[0], "type", FieldDescriptorProto.TYPE_BYTES),
            "the field Order.id = 1: its type TYPE_STRING became TYPE_BYTES", id="type",
        ),
        pytest.param(
            lambda file: setattr(file.message_type[0].field[1], "type_name", ".shop.v1.Order"),
            "the field Order.lines = 2: its type's name .shop.v1.Order.Line became .shop.v1.Order", id="message's type",
        ),
        pytest.param(
            lambda file: setattr(file.message_type[0].field[1], "label", FieldDescriptorProto.LABEL_OPTIONAL),
            "the field Order.lines = 2: its label LABEL_REPEATED became LABEL_OPTIONAL", id="repeated",
        ),
        pytest.param(
            lambda file: file.message_type[0].field[3].ClearField("oneof_index"), "the field Order.cash = 4: its oneof paid became none",
            id="oneof",
        ),
        pytest.param(
            lambda file: setattr(file.message_type[0].field[0], "json_name", "ID"), "the field Order.id = 1: its JSON name id became ID",
            id="JSON name",
        ),
        pytest.param(
            lambda file: setattr(file.message_type[0].field[0], "proto3_optional", True),
            "the field Order.id = 1: its presence False became True", id="presence",
        ),
        pytest.param(lambda file: file.message_type[0].reserved_range.pop(), "Order: the number 9 is not reserved any more", id="number"),
        pytest.param(lambda file: file.message_type[0].reserved_name.pop(), "Order: the name old is not reserved any more", id="reserved"),
        pytest.param(lambda file: file.enum_type.pop(), "the enum State is gone", id="enum"),
        pytest.param(
            lambda file: file.enum_type[0].value.pop(), "the value State.SENT = 1 is gone, or has another number", id="enum's value"
        ),
        pytest.param(
            lambda file: setattr(file.enum_type[0].value[1], "number", 2), "the value State.SENT = 1 is gone, or has another number",
            id="value's number",
        ),
        pytest.param(lambda file: file.service.pop(), "the service Shop is gone", id="service"),
        pytest.param(lambda file: file.service[0].method.pop(0), "the call Shop.Get is gone", id="call"),
        pytest.param(
            lambda file: setattr(file.service[0].method[0], "input_type", ".shop.v1.Order.Line"),
            "the call Shop.Get: its request .shop.v1.Order became .shop.v1.Order.Line", id="request",
        ),
        pytest.param(
            lambda file: setattr(file.service[0].method[0], "output_type", ".shop.v1.Order.Line"),
            "the call Shop.Get: its answer .shop.v1.Order became .shop.v1.Order.Line", id="answer",
        ),
        pytest.param(
            lambda file: setattr(file.service[0].method[1], "server_streaming", False),
            "the call Shop.Watch: its streaming of answers True became False", id="streaming of answers",
        ),
        pytest.param(
            lambda file: setattr(file.service[0].method[0], "client_streaming", True),
            "the call Shop.Get: its streaming of requests False became True", id="streaming of requests",
        ),
    ],
)  # fmt: skip
def test_each_kind_of_break_is_told(edit: Edit, told: str) -> None:
    after = contract()
    edit(after)
    assert list(tool.breaks(contract(), after)) == [told]


def test_what_only_adds_breaks_nobody() -> None:
    after = contract()
    after.message_type[0].field.add(name="note", number=5, type=FieldDescriptorProto.TYPE_STRING, json_name="note")
    after.message_type.add(name="Parcel")
    after.enum_type[0].value.add(name="LOST", number=2)
    after.service[0].method.add(name="Put", input_type=".shop.v1.Order", output_type=".shop.v1.Order")
    after.service.add(name="Post")
    assert list(tool.breaks(contract(), after)) == []


def test_a_package_that_is_gone_is_told() -> None:
    assert tool.broken(FileDescriptorSet(file=[contract()]), FileDescriptorSet()) == ["the package shop.v1 is gone"]


def test_what_is_published_is_what_the_contract_says_and_breaks_nobody() -> None:
    done = subprocess.run([sys.executable, "tools/proto.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_generated_client_needs_grpc_and_protobuf_only() -> None:
    code = (
        "import sys\nfrom hulk_client.tickets.v1 import tickets_pb2, tickets_pb2_grpc\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'hulk', 'pydantic', 'sqlalchemy', 'fastapi', 'structlog'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "src", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
