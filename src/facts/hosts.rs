//! Inventory snapshots.

use super::rows::fact_table;
use super::time::Micros;

fact_table! {
    /// One host in one inventory snapshot.
    HOSTS ("hosts"): Host<'a> {
        /// When the snapshot was taken.
        observed_at: Option<Micros> as Time,
        /// Host, lower-cased and without the configured domains.
        host: &'a str as Text,
        /// Roles, sorted, comma-separated; empty where the snapshot knows none.
        roles: Option<&'a str> as Text,
        /// `immutable` or `stateful`, where the inventory declares it.
        class: Option<&'a str> as Text,
        /// Cluster.
        cluster: Option<&'a str> as Text,
        /// Environment.
        environment: Option<&'a str> as Prose,
        /// Image that the host runs.
        image: Option<&'a str> as Text,
        /// When the host was launched.
        launched_at: Option<Micros> as Time,
        /// When it was terminated.
        terminated_at: Option<Micros> as Time,
    }
    instant: |fact| fact.observed_at
}

fact_table! {
    /// One role of a host in one snapshot.
    HOST_ROLES ("host_roles"): HostRole<'a> {
        /// When the snapshot was taken.
        observed_at: Option<Micros> as Time,
        /// Host.
        host: &'a str as Text,
        /// Role, for example `data_hot`; `coordinating` stands for an Elasticsearch node without roles.
        role: &'a str as Text,
    }
    instant: |fact| fact.observed_at
}

fact_table! {
    /// One group (change target, service, cluster) that a host belongs to in one snapshot.
    HOST_GROUPS ("host_groups"): HostGroup<'a> {
        /// When the snapshot was taken.
        observed_at: Option<Micros> as Time,
        /// Host.
        host: &'a str as Text,
        /// Group, lower-cased.
        group_name: &'a str as Text,
    }
    instant: |fact| fact.observed_at
}
