"""What symchain knows of arrays: one record per operation, registered when this package is imported."""

from symchain.functions.spec import OPERATIONS, OperationSpec, declare_operation
from symchain.operations import linear_algebra, rearrangements, reductions

FAMILIES = (reductions, linear_algebra, rearrangements)

__all__ = ["FAMILIES", "OPERATIONS", "OperationSpec", "declare_operation"]
