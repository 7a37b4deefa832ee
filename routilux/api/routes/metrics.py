"""The instruments, as Prometheus asks for them."""

from fastapi import APIRouter, Response

from routilux.api.context import AppContext
from routilux.monitoring.exposition import CONTENT_TYPE, exposition
from routilux.monitoring.reading import read

router = APIRouter(tags=["metrics"])


@router.get(
    "/metrics",
    operation_id="getMetrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_metrics(context: AppContext) -> Response:
    """All instruments in Prometheus' text format, from one reading of everything that runs."""
    return Response(exposition(read(context.ledger)), media_type=CONTENT_TYPE)
