//! Terraform's (and OpenTofu's) state: the virtual machines that it manages, with image, labels and name.
//!
//! Source: Terraform's `internal/states/statefile/version4.go` and `version3.go`, and the argument references of the
//! providers for the attributes of their machines. A state holds every secret of what it manages: attributes are read by
//! name, nothing else is, and neither damaged documents nor records are quoted beyond that. It carries no time.

use super::inventory::{self, Found, guarded, name_tag, seen_at, tags};
use super::lazy::{Json, Members};
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::Table;

/// Terraform's state.
pub(super) struct TerraformState;

/// Where a provider keeps what is said of a machine, as dotted paths; the first that holds something counts.
struct Machine {
    kind: &'static str,
    names: &'static [&'static str],
    images: &'static [&'static str],
    labels: &'static [&'static str],
}

const MACHINES: &[Machine] = &[
    Machine { kind: "aws_instance", names: &["private_dns", "id"], images: &["ami"], labels: &["tags", "tags_all"] },
    Machine {
        kind: "aws_spot_instance_request",
        names: &["private_dns", "spot_instance_id"],
        images: &["ami"],
        labels: &["tags", "tags_all"],
    },
    Machine {
        kind: "google_compute_instance",
        names: &["name"],
        images: &["boot_disk.0.initialize_params.0.image", "disk.0.image"],
        labels: &["labels"],
    },
    Machine { kind: "azurerm_linux_virtual_machine", names: &["computer_name", "name"], images: AZURE_IMAGES, labels: &["tags"] },
    Machine {
        kind: "azurerm_windows_virtual_machine",
        names: &["computer_name", "name"],
        images: AZURE_IMAGES,
        labels: &["tags"],
    },
    Machine {
        kind: "azurerm_virtual_machine",
        names: &["os_profile.0.computer_name", "name"],
        images: AZURE_IMAGES,
        labels: &["tags"],
    },
    Machine {
        kind: "openstack_compute_instance_v2",
        names: &["name"],
        images: &["image_id", "image_name"],
        labels: &["metadata"],
    },
    Machine { kind: "libvirt_domain", names: &["name"], images: &[], labels: &[] },
    Machine { kind: "digitalocean_droplet", names: &["name"], images: &["image"], labels: &[] },
    Machine { kind: "hcloud_server", names: &["name"], images: &["image"], labels: &["labels"] },
    Machine { kind: "linode_instance", names: &["label"], images: &["image"], labels: &[] },
    Machine {
        kind: "oci_core_instance",
        names: &["hostname_label", "display_name"],
        images: &["source_details.0.source_id", "image"],
        labels: &["freeform_tags"],
    },
    Machine { kind: "vsphere_virtual_machine", names: &["name"], images: &["clone.0.template_uuid"], labels: &["extra_config"] },
    Machine { kind: "proxmox_vm_qemu", names: &["name"], images: &["clone"], labels: &[] },
];
const AZURE_IMAGES: &[&str] = &["source_image_id", "storage_image_reference.0.id"];

impl Format for TerraformState {
    fn name(&self) -> &'static str {
        "terraform-state"
    }

    fn about(&self) -> &'static str {
        "Terraform or OpenTofu state (version 3 or 4): the virtual machines that it manages"
    }

    fn recognised_by(&self) -> &'static str {
        "terraform_version, serial and resources or modules; with sorted keys, lineage and resources of a provider"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        inventory::TABLES
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let has = |key: &str| text.contains(key);
        let begins = has("\"terraform_version\"") && has("\"serial\"") && (has("\"resources\"") || has("\"modules\""));
        // `jq -S` puts version and serial behind the resources, which may be long.
        let sorted = has("\"lineage\"") && has("\"resources\"") && has("\"instances\"") && has("\"provider[\\\"");
        let known = begins || sorted;
        (head.first_byte() == Some(b'{') && known)
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let document = Members::of(document).ok()?;
        let mut quote = None;
        each_resource(&document, &mut |at, resource| {
            if at == number
                && let Resource::Machine(machine, attributes) = resource
            {
                let image = machine.images.iter().find_map(|path| attributes.at(path));
                let name = machine.names.iter().find_map(|path| attributes.at(path));
                quote = Some(format!("{}: {} image {}", machine.kind, name.unwrap_or_default(), image.unwrap_or_default()));
            }
        });
        quote
    }

    fn read(&self, segment: &Segment<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(document) = guarded(segment, sink) else { return };
        let version = document.get("version").and_then(Json::int);
        if !matches!(version, Some(3 | 4)) {
            return sink.record(1).reject("a state of a version other than 3 and 4", b"");
        }
        each_resource(&document, &mut |number, resource| match resource {
            Resource::Machine(machine, attributes) => read_machine(number, machine, &attributes, reading, sink),
            Resource::Other => sink.record(number).skip("a resource that is no virtual machine of a known kind"),
            Resource::LookedUp => sink.record(number).skip("data that is looked up and not managed"),
            Resource::Unreadable => sink.record(number).reject("a resource without type or attributes", b""),
        });
    }
}

enum Resource<'a> {
    Machine(&'static Machine, Attributes<'a>),
    Other,
    LookedUp,
    Unreadable,
}

/// Attributes of a machine: nested in version 4, flat with dotted names in version 3.
enum Attributes<'a> {
    Nested(&'a Json<'a>),
    Flat(&'a Members<'a>),
}

impl Attributes<'_> {
    /// The text at a dotted path, where there is one.
    fn at(&self, path: &str) -> Option<String> {
        match self {
            Self::Flat(members) => members.filled(path).map(|text| text.into_owned()),
            Self::Nested(value) => dig(value, path),
        }
    }

    /// The labels at a name; only those that matter.
    fn labels(&self, name: &str) -> std::collections::BTreeMap<String, String> {
        match self {
            Self::Nested(value) => value.members().and_then(|members| members.get(name).map(tags)).unwrap_or_default(),
            Self::Flat(members) => {
                let labels = members.iter().filter_map(|(key, value)| {
                    let key = key.strip_prefix(name)?.strip_prefix('.')?;
                    let known = inventory::matters(key) || key.eq_ignore_ascii_case("name");
                    known.then(|| Some((key.to_owned(), value.text()?.into_owned())))?
                });
                labels.collect()
            }
        }
    }
}

fn dig(value: &Json<'_>, path: &str) -> Option<String> {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let members = value.members();
    let elements = value.elements();
    let next = match step.parse::<usize>() {
        Ok(index) => elements.get(index)?,
        Err(_) => members.as_ref()?.get(step)?,
    };
    match rest {
        Some(rest) => dig(next, rest),
        None => next.filled().map(|text| text.into_owned()),
    }
}

fn each_resource(document: &Members<'_>, found: &mut dyn FnMut(u64, Resource<'_>)) {
    let mut number = 0;
    let mut next = |resource: Resource<'_>| {
        number += 1;
        found(number, resource);
    };
    for resource in document.get("resources").map(Json::elements).unwrap_or_default() {
        let Some(resource) = resource.members() else {
            next(Resource::Unreadable);
            continue;
        };
        let instances = resource.get("instances").map(Json::elements).unwrap_or_default();
        for instance in &instances {
            let instance = instance.members();
            let attributes = instance.as_ref().and_then(|instance| instance.get("attributes"));
            next(match (resource.text("mode").as_deref(), resource.text("type"), attributes) {
                (Some("data"), ..) => Resource::LookedUp,
                (_, Some(kind), attributes) => match (machine(&kind), attributes) {
                    (None, _) => Resource::Other,
                    (Some(machine), Some(attributes)) => Resource::Machine(machine, Attributes::Nested(attributes)),
                    (Some(_), None) => Resource::Unreadable,
                },
                (_, None, _) => Resource::Unreadable,
            });
        }
    }
    for module in document.get("modules").map(Json::elements).unwrap_or_default() {
        let Some(module) = module.members() else {
            next(Resource::Unreadable);
            continue;
        };
        let resources = module.get("resources").and_then(Json::members);
        for (address, resource) in resources.iter().flat_map(Members::iter) {
            let resource = resource.members();
            let kind = resource.as_ref().and_then(|resource| resource.text("type"));
            let primary = resource.as_ref().and_then(|resource| resource.get("primary")).and_then(Json::members);
            let attributes = primary.as_ref().and_then(|primary| primary.get("attributes")).and_then(Json::members);
            next(match (kind, &attributes) {
                _ if address.starts_with("data.") => Resource::LookedUp,
                (Some(kind), attributes) => match (machine(&kind), attributes) {
                    (None, _) => Resource::Other,
                    (Some(machine), Some(attributes)) => Resource::Machine(machine, Attributes::Flat(attributes)),
                    (Some(_), None) => Resource::Unreadable,
                },
                (None, _) => Resource::Unreadable,
            });
        }
    }
}

fn machine(kind: &str) -> Option<&'static Machine> {
    MACHINES.iter().find(|machine| machine.kind == kind)
}

fn read_machine(number: u64, machine: &Machine, attributes: &Attributes<'_>, reading: &Reading<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(number);
    let mut labels = std::collections::BTreeMap::new();
    for name in machine.labels {
        labels.extend(attributes.labels(name));
    }
    let name = name_tag(&labels).or_else(|| machine.names.iter().find_map(|path| attributes.at(path)));
    let Some(name) = name else { return record.reject("a machine without a name", machine.kind.as_bytes()) };
    let mut found = Found::named(name, seen_at(None, number, reading, record.sink()));
    let image = machine.images.iter().find_map(|path| attributes.at(path));
    // Google writes the address of an image; a build names it by its last part.
    found.image = image.map(|image| match image.rsplit_once("/images/") {
        Some((_, name)) if machine.kind.starts_with("google_") => name.to_owned(),
        _ => image,
    });
    for (key, value) in &labels {
        found.learn(key, value);
    }
    found.give(&mut record, reading);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_state_with_sorted_keys_is_known_by_its_lineage() {
        let known = |text: &str| TerraformState.recognise(&Head { bytes: text.as_bytes(), whole: false }).is_some();
        let resource = r#"{"instances":[{"attributes":{"ami":"ami-1"}}],"mode":"managed","name":"x","provider":"provider[\"registry.terraform.io/hashicorp/aws\"]","type":"aws_instance"}"#;
        assert!(known(&format!(r#"{{"check_results":null,"lineage":"9a41","outputs":{{}},"resources":[{resource},{resource}"#)));
        assert!(!known(r#"{"lineage":"9a41","resources":[{"instances":[{"provider":"aws"}]}]}"#));
    }

    #[test]
    fn paths_reach_into_blocks_of_both_versions() {
        let nested = Json::borrowed(
            r#"{"boot_disk":[{"initialize_params":[{"image":"x"}]}],"labels":{"role":"data","secret":"hunter2"}}"#,
        );
        let flat = Members::of(
            r#"{"boot_disk.0.initialize_params.0.image":"x","labels.role":"data","labels.secret":"hunter2","labels.%":"2"}"#,
        )
        .expect("an object");
        for attributes in [Attributes::Nested(&nested), Attributes::Flat(&flat)] {
            assert_eq!(attributes.at("boot_disk.0.initialize_params.0.image").as_deref(), Some("x"));
            assert_eq!(attributes.at("boot_disk.1.initialize_params"), None);
            let labels = attributes.labels("labels");
            assert_eq!(labels.into_iter().collect::<Vec<_>>(), [("role".to_owned(), "data".to_owned())]);
        }
    }
}
