-- Ends of credentials that nobody was told of yet, for the sweep of each minute. The conditions are expressions: those of columns were also
-- those of `issuance_with_end`, and either database took that, and walked through all credentials that have ever ended.
DROP INDEX issuance_by_end;
DROP INDEX issuance_not_noticed;
CREATE INDEX issuance_ended ON issuance (valid_until, id)
    WHERE state || '' = 'issued' AND (noticed IS NULL OR noticed <> 'expired');
CREATE INDEX issuance_ending ON issuance (valid_until, id) WHERE state || '' = 'issued' AND COALESCE(noticed, '') = '';
