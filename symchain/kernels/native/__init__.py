"""The native backend: plans as C, compiled by the system's compiler and loaded into this process."""
