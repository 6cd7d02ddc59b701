//! Writes what clouds say of their machines: EC2 instances, Terraform's state, Kubernetes nodes.

use serde_json::{Value, json};

use super::inventory::{Listed, group, listed};
use super::random::{compact, iso};
use super::story::{Fleet, Host, is_instance_id};
use super::write::Folder;

pub(super) fn write(fleet: &Fleet, folder: &Folder, at: i64) {
    let of = |how: Listed| fleet.hosts.iter().filter(move |host| listed(host).contains(&how));
    let instances: Vec<Value> = of(Listed::Ec2).map(instance).collect();
    folder.json(
        &format!("inventory/ec2/{}.json", compact(at)),
        &json!({ "Reservations": [{ "ReservationId": "r-1", "Instances": instances }] }),
    );
    let (containers, machines): (Vec<&Host>, Vec<&Host>) =
        of(Listed::Terraform).partition(|host| host.image.starts_with("sha256:"));
    let resources = json!([
        resource("aws_instance", machines.into_iter().map(machine).collect()),
        resource("openstack_compute_instance_v2", containers.into_iter().map(openstack).collect()),
        { "mode": "managed", "type": "aws_s3_bucket", "name": "logs", "instances": [{ "attributes": { "id": "quill-logs" } }] },
    ]);
    // Terraform writes what the file is first, and the resources last.
    let begin = r#""version": 4, "terraform_version": "1.9.8", "serial": 17, "lineage": "9a41", "outputs": {}"#;
    let state = format!("{{{begin}, \"resources\": {resources}}}\n");
    folder.text(&format!("inventory/terraform/{}.tfstate", compact(at)), &state);
    let nodes: Vec<Value> = of(Listed::Kubernetes).map(node).collect();
    folder.json(
        &format!("inventory/kubernetes/{}.json", compact(at)),
        &json!({ "apiVersion": "v1", "kind": "NodeList", "metadata": { "resourceVersion": "1" }, "items": nodes }),
    );
}

/// Where nobody gave an instance a name, it is known by its id.
fn instance(host: &Host) -> Value {
    let tag = |key: &str, value: &str| json!({ "Key": key, "Value": value });
    let mut tags = vec![tag("Role", host.roles), tag("Class", host.class), tag("Cluster", &group(host))];
    let unnamed = is_instance_id(&host.name);
    if !unnamed {
        tags.push(tag("Name", &host.name));
    }
    json!({
        "InstanceId": if unnamed { host.name.clone() } else { format!("i-{}", host.name) }, "ImageId": ami(host),
        "LaunchTime": iso(host.launched), "State": { "Code": 16, "Name": "running" },
        "PrivateDnsName": if unnamed { "" } else { "ip-10-77-0-1.ec2.internal" }, "StateTransitionReason": "", "Tags": tags,
    })
}

fn ami(host: &Host) -> &str {
    if host.image.is_empty() { "ami-0dddddddddddddddd" } else { &host.image }
}

fn resource(kind: &str, attributes: Vec<Value>) -> Value {
    let instances: Vec<Value> =
        attributes.into_iter().map(|attributes| json!({ "schema_version": 1, "attributes": attributes })).collect();
    json!({ "mode": "managed", "type": kind, "name": "quill", "instances": instances })
}

fn machine(host: &Host) -> Value {
    json!({ "ami": ami(host), "id": format!("i-{}", host.name), "private_dns": "ip-10-77-0-1.ec2.internal",
            "tags": { "Name": host.name, "Role": host.roles, "Class": host.class, "Cluster": group(host) } })
}

fn openstack(host: &Host) -> Value {
    json!({ "name": format!("{}.corp.example", host.name), "image_id": host.image,
            "metadata": { "role": host.roles, "class": host.class, "group": group(host) } })
}

/// A node says when it was registered, and not from which image it was started.
fn node(host: &Host) -> Value {
    let mut labels = json!({ "topology.kubernetes.io/zone": "a" });
    if !host.roles.is_empty() {
        labels[format!("node-role.kubernetes.io/{}", host.roles)] = json!("");
        labels["corp.example/class"] = json!(host.class);
    }
    json!({ "metadata": { "name": format!("{}.corp.example", host.name), "creationTimestamp": iso(host.launched), "labels": labels },
            "status": { "nodeInfo": { "kubeletVersion": "v1.31.2", "osImage": "Debian GNU/Linux 12 (bookworm)" } } })
}
