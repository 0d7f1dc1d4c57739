-- A question that its requester, or who answers for the requester, took back.
INSERT INTO ledger.kinds (kind, writer) VALUES ('approval_withdrawn', 'countersign_approval');
