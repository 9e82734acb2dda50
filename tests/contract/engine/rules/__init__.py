"""The rules of the journal (JOURNAL.md), one file each: every clause with the failure that it prevents.

The real engine over the memory provider, on both databases, with a clock that stands. What needs no engine is proved
beside its code: plans in ``tests/unit/test_plan.py``, epochs and storage in ``tests/contract/store``, what a connector
owes (J2, J4) in ``polydex.testing.contract``. Random interleavings of all rules are in ``tests/machine``.
"""
