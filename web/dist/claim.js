// The page of claims: built from web/.
