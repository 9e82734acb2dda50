"""The operations of Exchange Web Services, one per file: what is sent, and what of the answer is read. Pure.

``payload`` makes the element in the body of the envelope, its children in the order of the schema, which servers enforce
(ErrorSchemaValidation); ``parse`` reads one response message of those that were no failure, and raises ProviderMalformed.
"""
