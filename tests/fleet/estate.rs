//! Hosts, images and who logged in.

use super::images::{STRAYS, UNTRACED, by_packer, image};
use super::inventory::{CMDB_LATER, Listed, listed};
use super::scanners::{SCANNERS, Scanner, Surface};
use super::story::{Build, DAY, Fleet, GROUPS, HOUR, Host, Login, MEMBERS, WEB_GROUPS, WEB_MEMBERS, db, is_instance_id, web};

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
        for number in 0..5 {
            let name = format!("misc-{number}");
            self.key.add("FLEET-01", &name, None);
            let launched = self.start - 9 * DAY;
            self.hosts.push(Host { name, group: 1, stateful: false, class: "", roles: "", image: String::new(), launched });
        }
        // Declared immutable, though it holds state: the stricter class counts, and no configuration run reaches it. The CMDB,
        // which is written a little later, a cloud, a state, a list of nodes and the settings of one show it.
        let again = self.start + 3 * DAY + HOUR;
        let seen = [again + CMDB_LATER, again, again, again, self.start + HOUR];
        for (number, at) in seen.into_iter().enumerate() {
            let name = format!("ledger-{number}");
            self.key.add("FLEET-02", &name, at);
            self.key.add("CONFIG-02", &name, None);
            self.exempt.push(name.clone());
            let (launched, roles) = (self.start - 9 * DAY, if number < 3 { "database" } else { "web" });
            self.hosts.push(Host { name, group: 1, stateful: true, class: "immutable", roles, image: String::new(), launched });
        }
        let lapsed = self.random.several(&self.exempt, 6);
        self.exempt.retain(|host| !lapsed.contains(host));
        for (number, host) in lapsed.into_iter().enumerate() {
            // Some never had an exemption, that of others ran out.
            if number.is_multiple_of(2) {
                self.key.add("FLEET-03", &host, self.start);
            } else {
                self.key.add("FLEET-03", &host, self.start + 2 * DAY);
                self.lapsed.push(host);
            }
        }
        // Those whose lists name their cluster.
        self.lost_quorum = self.random.several(&(0..GROUPS).step_by(8).collect::<Vec<_>>(), 2);
        for group in self.lost_quorum.clone() {
            self.key.add("QUORUM-01", &format!("grp-{group:02}"), self.start + 3 * DAY + HOUR);
        }
    }

    pub(super) fn images_and_logins(&mut self) {
        for number in (0..WEB_GROUPS / 2).filter(|number| by_packer(*number)) {
            self.builds.push(Build { image: image(number), at: self.start - 14 * DAY, change: None });
        }
        for number in 0..3 {
            let build = Build { image: image(900 + number), at: self.start + DAY + 60 * number as i64, change: None };
            self.key.add("IMAGE-03", &build.image, build.at);
            self.builds.push(build);
        }
        for (number, untraced) in UNTRACED.into_iter().enumerate() {
            self.key.add("IMAGE-03", &image(untraced), self.start + 2 * DAY + 60 * number as i64);
        }
        self.look_into_images();
        let webs: Vec<usize> = (0..self.hosts.len()).filter(|at| self.hosts[*at].is_web()).collect();
        let chosen = self.random.several(&webs, 110);
        let mut left = chosen.clone();
        let mut take = |number: usize, fits: fn(&Host) -> bool| -> Vec<usize> {
            let taken: Vec<usize> = left.iter().copied().filter(|at| fits(&self.hosts[*at])).take(number).collect();
            left.retain(|at| !taken.contains(at));
            taken
        };
        let node = |host: &Host| listed(host).contains(&Listed::Kubernetes);
        let unknown =
            [take(1, node), take(1, |host| listed(host) == [Listed::Cmdb]), take(3, |host| host.group / 2 % 2 == 1)].concat();
        let old = [take(2, node), take(3, |host| !listed(host).contains(&Listed::Kubernetes))].concat();
        for at in unknown {
            let container = (self.hosts[at].group / 2).is_multiple_of(2);
            self.hosts[at].image = image(STRAYS[usize::from(container)]);
            self.key.add("IMAGE-01", &self.hosts[at].name.clone(), None);
        }
        for at in old {
            // Older than allowed, and older than the image that it is said to run: where one record says both.
            self.hosts[at].launched = self.start - 120 * DAY;
            if !node(&self.hosts[at]) {
                self.key.add("IMAGE-01", &self.hosts[at].name.clone(), None);
            }
            self.key.add("IMAGE-04", &self.hosts[at].name.clone(), None);
        }
        let (seen, rest) = left.split_at(50);
        for (number, at) in seen.iter().enumerate() {
            let (subject, at) = (self.hosts[*at].name.clone(), self.start + DAY + self.random.seconds(DAY));
            // One is open by the word of each scanner.
            let (open, by) = (number < SCANNERS.len(), SCANNERS[number % SCANNERS.len()]);
            if open {
                self.key.add("LOGIN-02", &subject, at);
            }
            self.surfaces.push(Surface { kind: "host", subject, at, open, by });
        }
        let (entered, rest) = rest.split_at(32);
        for (number, at) in entered.iter().enumerate() {
            self.enter(*at, number, number % 8);
        }
        let unnamed: Vec<usize> =
            webs.into_iter().filter(|at| is_instance_id(&self.hosts[*at].name) && !chosen.contains(at)).collect();
        for (number, at) in self.random.several(&unnamed, 4).into_iter().enumerate() {
            self.enter(at, 40 + number, 8);
        }
        let hosts: Vec<String> = rest.iter().take(12).map(|at| self.hosts[*at].name.clone()).collect();
        self.break_glass(&hosts);
    }

    /// Somebody logs in to an immutable host.
    fn enter(&mut self, host: usize, number: usize, format: usize) {
        let (host, at) = (self.hosts[host].name.clone(), self.start + 6 * HOUR + self.random.seconds(3 * DAY));
        self.key.add("LOGIN-03", &host, at);
        self.key.add("LOGIN-04", &host, at);
        self.logins.push(Login { at, host, actor: format!("wrg{number:02}"), format, filed: self.end() });
    }

    /// Every image has a manifest of its ways in, some were scanned. One is open by its manifest, one by its scan.
    fn look_into_images(&mut self) {
        let containers: Vec<usize> = (0..WEB_GROUPS / 2).filter(|number| image(*number).starts_with("sha256:")).collect();
        let scanned = *self.random.of(&containers);
        let others: Vec<usize> = (0..WEB_GROUPS / 2).filter(|number| *number != scanned).collect();
        let opened = *self.random.of(&others);
        let at = self.start - 14 * DAY + HOUR;
        for number in 0..WEB_GROUPS / 2 {
            let surface = |at, open, by| Surface { kind: "image", subject: image(number), at, open, by };
            self.surfaces.push(surface(at, number == opened, Scanner::Manifest));
            if number == scanned || number % 8 == 2 {
                self.surfaces.push(surface(at + HOUR, number == scanned, Scanner::OpenScap));
            }
        }
        self.key.add("LOGIN-01", &image(opened), at);
        self.key.add("LOGIN-01", &image(scanned), at + HOUR);
    }
}
