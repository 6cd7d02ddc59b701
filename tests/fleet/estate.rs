//! Hosts, images and who logged in.

use super::inventory::{CMDB_LATER, Listed, listed};
use super::story::{Build, DAY, Fleet, GROUPS, HOUR, Host, Login, MEMBERS, WEB_GROUPS, WEB_MEMBERS, db, web};

/// Pools with an even number run containers, those with an odd one machine images.
pub(super) fn image(number: usize) -> String {
    if number < WEB_GROUPS / 2 && number.is_multiple_of(2) {
        return format!("sha256:{:064x}", 0xc0ff_ee00_usize + number);
    }
    format!("ami-0{:016x}", 0x00c0_ffee_0000_usize + number)
}

impl Fleet {
    pub(super) fn people_and_hosts(&mut self) {
        for group in 0..GROUPS {
            for member in 0..MEMBERS {
                let launched = self.start - 400 * DAY;
                let name = db(group, member);
                self.exempt.push(name.clone());
                self.hosts.push(Host {
                    name,
                    group,
                    stateful: true,
                    class: "stateful",
                    roles: "database",
                    image: String::new(),
                    launched,
                });
            }
        }
        for group in 0..WEB_GROUPS {
            for member in 0..WEB_MEMBERS {
                let launched = self.start - 7 * DAY + self.random.seconds(DAY);
                let (name, image) = (web(group, member), image(group / 2));
                self.hosts.push(Host { name, group, stateful: false, class: "immutable", roles: "web", image, launched });
            }
        }
        for number in 0..4 {
            let name = format!("misc-{number}");
            self.key.add("FLEET-01", &name, None);
            let launched = self.start - 9 * DAY;
            self.hosts.push(Host { name, group: 1, stateful: false, class: "", roles: "", image: String::new(), launched });
        }
        // Declared immutable, though it holds state: the stricter class counts, and no configuration run reaches it.
        for number in 0..3 {
            let name = format!("ledger-{number}");
            // The first stands in the CMDB, which is written a little later than the others.
            let later = if number == 0 { CMDB_LATER } else { 0 };
            self.key.add("FLEET-02", &name, self.start + HOUR + later + 3 * DAY);
            self.key.add("CONFIG-02", &name, None);
            self.exempt.push(name.clone());
            let launched = self.start - 9 * DAY;
            self.hosts.push(Host {
                name,
                group: 1,
                stateful: true,
                class: "immutable",
                roles: "database",
                image: String::new(),
                launched,
            });
        }
        let lapsed = self.random.several(&self.exempt, 6);
        self.exempt.retain(|host| !lapsed.contains(host));
        for host in lapsed {
            self.key.add("FLEET-03", &host, self.start);
        }
        // Those whose lists name their cluster.
        self.lost_quorum = self.random.several(&(0..GROUPS).step_by(8).collect::<Vec<_>>(), 2);
        for group in self.lost_quorum.clone() {
            self.key.add("QUORUM-01", &format!("grp-{group:02}"), self.start + 3 * DAY + HOUR);
        }
    }

    pub(super) fn images_and_logins(&mut self) {
        for number in 0..WEB_GROUPS / 2 {
            self.builds.push(Build { image: image(number), at: self.start - 14 * DAY, change: None });
        }
        for number in 0..3 {
            let build = Build { image: image(900 + number), at: self.start + DAY + 60 * number as i64, change: None };
            self.key.add("IMAGE-03", &build.image, build.at);
            self.builds.push(build);
        }
        let open = self.random.several(&(0..WEB_GROUPS / 2).collect::<Vec<_>>(), 2);
        for number in 0..WEB_GROUPS / 2 {
            let seen = self.start - 14 * DAY + HOUR;
            if open.contains(&number) {
                self.key.add("LOGIN-01", &image(number), seen);
            }
            self.surfaces.push(("image", image(number), seen, open.contains(&number)));
        }
        let webs: Vec<usize> = (0..self.hosts.len()).filter(|at| self.hosts[*at].is_web()).collect();
        let chosen = self.random.several(&webs, 90);
        let (unknown, rest) = chosen.split_at(5);
        for at in unknown {
            self.hosts[*at].image = image(999);
            self.key.add("IMAGE-01", &self.hosts[*at].name.clone(), None);
        }
        let (old, rest) = rest.split_at(5);
        for at in old {
            // Older than allowed, and older than the image that it is said to run: where one record says both.
            self.hosts[*at].launched = self.start - 120 * DAY;
            if !listed(&self.hosts[*at]).contains(&Listed::Kubernetes) {
                self.key.add("IMAGE-01", &self.hosts[*at].name.clone(), None);
            }
            self.key.add("IMAGE-04", &self.hosts[*at].name.clone(), None);
        }
        let (seen, rest) = rest.split_at(40);
        for (number, at) in seen.iter().enumerate() {
            let (name, when) = (self.hosts[*at].name.clone(), self.start + DAY + self.random.seconds(DAY));
            if number < 5 {
                self.key.add("LOGIN-02", &name, when);
            }
            self.surfaces.push(("host", name, when, number < 5));
        }
        for (number, at) in rest.iter().take(24).enumerate() {
            let (host, when) = (self.hosts[*at].name.clone(), self.start + 6 * HOUR + self.random.seconds(3 * DAY));
            self.key.add("LOGIN-03", &host, when);
            self.key.add("LOGIN-04", &host, when);
            let filed = self.end();
            self.logins.push(Login { at: when, host, actor: format!("wrg{number:02}"), format: number % 4, filed });
        }
    }
}
