"""A query's execution: its price first, a deadline while it runs, one snapshot throughout."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, cast

from graphql import ExecutionResult, GraphQLSchema
from graphql.execution import AbortedGraphQLExecutionError
from graphql.pyutils import AbortSignal

from api.bulk import BulkExecutor
from api.clock import ClockedExecutor, Deadline
from api.cost import price
from api.documents import Document
from api.failure import InvalidError, TimeUpError, told
from api.limits import Limits


@dataclass(frozen=True, slots=True)
class Result:
    """What was found.

    Attributes
    ----------
    data, errors
        As GraphQL defines them.
    cost
        Values that the query might have returned.
    """

    data: dict[str, Any] | None
    errors: list[dict[str, Any]]
    cost: int


def execute(
    schema: GraphQLSchema,
    document: Document,
    variables: Mapping[str, Any],
    context: object,
    limits: Limits,
    deadline: Deadline,
    executor: type[ClockedExecutor] = BulkExecutor,
    charge: Callable[[int], None] | None = None,
) -> Result:
    """Execute a query.

    Parameters
    ----------
    schema, document, variables, context
        What is asked, and of what.
    limits, deadline
        Its bounds.
    executor
        Completes the lists.
    charge
        Is told the cost before anything is executed, and may refuse it.

    Raises
    ------
    InvalidError
        When its variables are not what it declares.
    LimitError
        When it may return too much.
    TimeUpError
        When the deadline passes.
    """
    operation = document.operation.name
    execution = executor.build(
        schema,
        document.node,
        context_value=context,
        raw_variable_values=dict(variables),
        operation_name=operation.value if operation else None,
        is_awaitable=_never,
        is_async_iterable=_never,
        abort_signal=cast(AbortSignal, deadline),
    )
    if isinstance(execution, list):
        raise InvalidError(execution, "BAD_USER_INPUT")
    cost = price(document.weight, execution.variable_values.coerced, limits)
    if charge:
        charge(cost)
    try:
        result = execution.execute_operation()
    except (AbortedGraphQLExecutionError, TimeUpError):
        raise deadline.reason from None
    assert isinstance(result, ExecutionResult)
    return Result(result.data, [told(error) for error in result.errors or []], cost)


def _never(_value: object) -> TypeGuard[Any]:
    return False  # resolvers are sync
