"""facts/, actions/, triggers/: what a definition can be made of, as the apps offer it."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from agentfactory_cs.console.registry import Words
from agentfactory_cs.customers.conditions import Fact, facts
from agentfactory_cs.customers.conditions.operators import Operator, operators_of
from agentfactory_cs.customers.models import Customer
from agentfactory_cs.events.models import Event
from agentfactory_cs.events.registry import Trigger, triggers

from ..models import Playbook
from ..registry import Action, Parameter, actions


@extend_schema_serializer(component_name="CatalogueChoice")
class ChoiceSerializer(serializers.Serializer[Any]):
    """One value to choose."""

    key = serializers.CharField()
    label: Any = serializers.CharField()


@extend_schema_serializer(component_name="FactOperator")
class OperatorSerializer(serializers.Serializer[Any]):
    """One way to ask."""

    key = serializers.CharField()
    words = serializers.CharField(help_text="As a sentence says it, with {value} where the value stands.")
    needs = serializers.ChoiceField(
        ["nothing", "number", "days", "choices", "words"], help_text="The kind of `value`; lists for choices and words."
    )


@extend_schema_serializer(component_name="Fact")
class FactSerializer(serializers.Serializer[Any]):
    """Something a condition can ask of a customer."""

    key = serializers.CharField()
    label: Any = serializers.CharField()
    type = serializers.ChoiceField(["number", "choice", "yes_no", "day", "tags"])
    unit = serializers.CharField(allow_blank=True)
    definition = serializers.CharField(allow_blank=True)
    operators = OperatorSerializer(many=True)
    choices = ChoiceSerializer(many=True, allow_null=True, help_text="null: any words.")


@extend_schema_serializer(component_name="ActionParameter")
class ParameterSerializer(serializers.Serializer[Any]):
    """One thing an action must be told."""

    key = serializers.CharField()
    label: Any = serializers.CharField()
    kind = serializers.ChoiceField(["text", "long_text", "number", "days", "choice", "yes_no"])
    help = serializers.CharField(allow_blank=True)
    required: Any = serializers.BooleanField(help_text="Must be sent: there is no default.")
    default = serializers.JSONField(allow_null=True)
    choices = ChoiceSerializer(many=True, allow_null=True, help_text="null: whatever fits the kind.")


@extend_schema_serializer(component_name="Action")
class ActionSerializer(serializers.Serializer[Any]):
    """Something a step of the kind `action` can do."""

    key = serializers.CharField()
    label: Any = serializers.CharField()
    sends_mail = serializers.BooleanField()
    makes_task = serializers.BooleanField()
    parameters = ParameterSerializer(many=True)


@extend_schema_serializer(component_name="Trigger")
class TriggerSerializer(serializers.Serializer[Any]):
    """A kind of event that can begin a playbook."""

    key = serializers.CharField()
    label: Any = serializers.CharField()
    sentence = serializers.CharField(allow_blank=True, help_text="As the timeline says it, filled from the data.")
    data: Any = serializers.DictField(
        child=serializers.CharField(), help_text="The names in the event's data, their types."
    )


def _choices(choices: Iterable[tuple[Any, Words]] | None) -> list[dict[str, str]] | None:
    return None if choices is None else [{"key": str(key), "label": str(label)} for key, label in choices]


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "key": fact.key,
        "label": str(fact.label),
        "type": fact.type.value,
        "unit": str(fact.unit),
        "definition": str(fact.definition),
        "operators": [_operator(operator) for operator in operators_of(fact.type).values()],
        "choices": _choices(fact.choices() if fact.choices else None),
    }


def _operator(operator: Operator) -> dict[str, str]:
    return {"key": operator.key, "words": str(operator.words), "needs": operator.needs}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "key": parameter.key,
        "label": str(parameter.label),
        "kind": parameter.kind,
        "help": str(parameter.help),
        "required": parameter.required and parameter.default is None,
        "default": parameter.default,
        "choices": _choices(parameter.choices() if parameter.choices else None),
    }


def _action(action: Action) -> dict[str, Any]:
    return {
        "key": action.key,
        "label": str(action.label),
        "sends_mail": action.sends_mail,
        "makes_task": action.makes_task,
        "parameters": [_parameter(parameter) for parameter in action.parameters],
    }


def _trigger(trigger: Trigger) -> dict[str, Any]:
    data = {name: _types(kind) for name, kind in trigger.data.items()}
    return {"key": trigger.key, "label": str(trigger.label), "sentence": str(trigger.sentence), "data": data}


def _types(kind: type | tuple[type, ...]) -> str:
    return " or ".join(each.__name__ for each in (kind if isinstance(kind, tuple) else (kind,)))


class CatalogueView(GenericViewSet):
    """What the installed apps offer: a short list, whole and without pages."""

    filter_backends: Any = ()
    pagination_class = None


class FactsView(CatalogueView):
    queryset = Customer.objects.none()
    serializer_class = FactSerializer

    @extend_schema(summary="List facts", responses=FactSerializer(many=True))
    def list(self, request: Request) -> Response:
        """What conditions can ask of customers, with the operators that fit."""
        return Response([_fact(fact) for fact in facts])


class ActionsView(CatalogueView):
    queryset = Playbook.objects.none()
    serializer_class = ActionSerializer

    @extend_schema(summary="List actions", responses=ActionSerializer(many=True))
    def list(self, request: Request) -> Response:
        """What steps can do by themselves, with the parameters they must be told."""
        return Response([_action(action) for action in actions])


class TriggersView(CatalogueView):
    queryset = Event.objects.none()
    serializer_class = TriggerSerializer

    @extend_schema(summary="List triggers", responses=TriggerSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The kinds of event that can begin a playbook, with the shape of their data."""
        return Response([_trigger(trigger) for trigger in triggers])
