//! What came out of a template becomes its new database's owner's.
//!
//! `REASSIGN OWNED` is not for this: it takes databases and tablespaces of the old owner along, and base's with them.

use provision::error::Error;

use crate::{session::Session, sql};

/// Everything that has an owner and is neither the server's nor an extension's, as `ALTER` calls it. What belongs
/// to a table (its indexes, the sequences of its columns, its row type) goes with it. What an event trigger runs stays
/// whose it was: it runs as whoever changes something, and that is the administrator too.
const OWNED: &str = "\
WITH found (classid, objid, owner, namespace) AS (
    SELECT 'pg_namespace'::regclass, oid, nspowner, oid FROM pg_namespace
    UNION ALL SELECT 'pg_class'::regclass, c.oid, relowner, relnamespace FROM pg_class c
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = \
'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND \
c.relkind = 'S')
    UNION ALL SELECT 'pg_proc'::regclass, oid, proowner, pronamespace FROM pg_proc p
        WHERE NOT EXISTS (SELECT FROM pg_event_trigger t WHERE t.evtfoid = p.oid)
    UNION ALL SELECT 'pg_type'::regclass, t.oid, typowner, typnamespace FROM pg_type t
        WHERE typtype IN ('d', 'e', 'r', 'b', 'm') AND typelem = 0 OR typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE \
c.oid = t.typrelid AND c.relkind = 'c')
    UNION ALL SELECT 'pg_operator'::regclass, oid, oprowner, oprnamespace FROM pg_operator
    UNION ALL SELECT 'pg_opclass'::regclass, oid, opcowner, opcnamespace FROM pg_opclass
    UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfowner, opfnamespace FROM pg_opfamily
    UNION ALL SELECT 'pg_collation'::regclass, oid, collowner, collnamespace FROM pg_collation
    UNION ALL SELECT 'pg_conversion'::regclass, oid, conowner, connamespace FROM pg_conversion
    UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgowner, cfgnamespace FROM pg_ts_config
    UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictowner, dictnamespace FROM pg_ts_dict
    UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxowner, stxnamespace FROM pg_statistic_ext
    UNION ALL SELECT 'pg_publication'::regclass, oid, pubowner, 0 FROM pg_publication
    UNION ALL SELECT 'pg_largeobject_metadata'::regclass, oid, lomowner, 0 FROM pg_largeobject_metadata
)
SELECT o.type, o.identity FROM found f LEFT JOIN pg_namespace n ON n.oid = f.namespace,
    pg_identify_object(CASE f.classid WHEN 'pg_largeobject_metadata'::regclass THEN 'pg_largeobject'::regclass ELSE \
f.classid END, f.objid, 0) o
WHERE (f.classid = 'pg_type'::regclass AND EXISTS (SELECT FROM pg_type t WHERE t.oid = f.objid AND t.typtype = 'm')) = $3
    AND f.owner <> (SELECT oid FROM pg_roles WHERE rolname = $1)
    AND pg_get_userbyid(f.owner) <> 'pg_database_owner'
    AND (n.nspname IS NULL OR n.nspname <> 'information_schema' AND n.nspname <> $2 AND n.nspname !~ '^pg_')
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = f.classid AND d.objid = f.objid AND d.deptype = 'e')";

/// Gives all that is in this database to a role. The schemas of the server and of our own records stay as they are.
pub(crate) async fn take(session: &Session, role: &str) -> Result<(), Error> {
    let ours = feature::words::MANAGER;
    let owner = sql::name(role);
    // A range type's multirange goes with it from some patch of a server on, and where it does cannot go alone: what
    // is still somebody else's is seen the second time.
    for multiranges in [false, true] {
        let found = session.rows(OWNED, &[&role, &ours, &multiranges]).await?;
        let statements: Vec<String> = found
            .iter()
            .map(|row| {
                let (kind, identity): (String, String) = (row.get(0), row.get(1));
                format!("ALTER {} {identity} OWNER TO {owner}", keyword(&kind))
            })
            .collect();
        session.together(&statements).await?;
    }
    Ok(())
}

/// What `ALTER` calls a kind of object.
fn keyword(kind: &str) -> String {
    match kind {
        "statistics object" => "STATISTICS".to_owned(),
        other => other.to_uppercase(),
    }
}
