"""For the tests of Polydex and of providers outside it: a contract for connectors, a memory provider, a fake clock."""
