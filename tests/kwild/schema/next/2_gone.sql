-- The actions that upstream's next version has no more: those that write contents into rows, and delegated access grants.

DROP ACTION upsert_credential_as_inserter;
DROP ACTION add_credential;
DROP ACTION edit_credential;
DROP ACTION share_credential;
DROP ACTION create_credentials_by_dwg;
DROP ACTION dag_message;
DROP ACTION create_ag_by_dag_for_copy;
