"""What symchain knows of arrays: one record per operation, registered when this package is imported."""

from symchain.functions.spec import OPERATIONS, OperationSpec, declare_operation
from symchain.operations import linear_algebra, matrix_functions, rearrangements, reductions, selections

FAMILIES = (reductions, linear_algebra, matrix_functions, rearrangements, selections)

__all__ = ["FAMILIES", "OPERATIONS", "OperationSpec", "declare_operation"]
