"""What symchain knows of arrays: one record per operation, registered when this package is imported."""

from symchain.functions.spec import OPERATIONS, OperationSpec, declare_operation
from symchain.operations import (
    convolutions,
    linear_algebra,
    matrix_functions,
    ordering,
    rearrangements,
    reductions,
    selections,
    spectral,
    stopping,
)

FAMILIES = (reductions, linear_algebra, matrix_functions, ordering, rearrangements, selections, spectral, convolutions, stopping)

__all__ = ["FAMILIES", "OPERATIONS", "OperationSpec", "declare_operation"]
