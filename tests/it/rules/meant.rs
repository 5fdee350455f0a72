//! What the rules of a copy must mean: base's rule and the header, base's rule and the baggage, base's rule at
//! the preview host. Said as trees, as Traefik's parser gives them, by what the documentation says and nothing
//! of the renderer's.

use acceptance::rules::Tree;

/// By what a request is a copy's.
pub struct Copy<'c> {
    pub feature: &'c str,
    /// In lower case.
    pub header: &'c str,
    /// Of preview hosts; ours without one.
    pub template: Option<&'c str>,
}

impl Copy<'_> {
    /// The rules that one of base's becomes, in their order. Those of preview hosts are there where every request
    /// that base's rule takes has a host that it names: one for all of them, and where base may have some of
    /// them, one more for the others.
    pub fn rules(&self, base: &Tree, syntax: &str) -> Vec<Tree> {
        let with = |leaf| Tree::and(base.clone(), leaf);
        let mut rules = vec![with(self.by_header(syntax)), with(self.by_baggage(syntax))];
        if pins(base) {
            let preview = self.at_preview(base);
            let mut hosts = Vec::new();
            named(base, &mut hosts);
            let own: Vec<Tree> = hosts
                .iter()
                .filter(|host| self.is_unmistakable(host))
                .map(|host| Tree::leaf("Host", &[&self.preview(host)]))
                .collect();
            let mistakable = own.len() < hosts.len();
            rules.push(preview.clone());
            if let Some(own) = own.into_iter().reduce(Tree::or).filter(|_| mistakable) {
                rules.push(Tree::and(preview, own));
            }
        }
        rules
    }

    /// Whether every request that a rule takes says the feature, or has a host that is the feature's.
    pub fn owns(&self, rule: &Tree, syntax: &str) -> bool {
        if let Some((left, right)) = rule.sides() {
            let (left, right) = (self.owns(left, syntax), self.owns(right, syntax));
            return if rule.matcher == "and" { left || right } else { left && right };
        }
        let hosts = rule.value.as_deref().unwrap_or_default();
        *rule == self.by_header(syntax)
            || *rule == self.by_baggage(syntax)
            || rule.matcher == "Host"
                && !rule.not
                && !hosts.is_empty()
                && hosts.iter().all(|host| self.has(host))
    }

    /// The preview host of a host of base's.
    pub fn preview(&self, host: &str) -> String {
        let host = host.to_ascii_lowercase();
        let (label, domain) = host.split_once('.').unwrap_or((&host, ""));
        let template = match self.template {
            Some(template) => template,
            None if domain.contains('.') => "{label}--{feature}.{domain}",
            None => "{feature}.{host}",
        };
        // Word by word: what stands in the host itself is no word of the template's.
        let part = |(at, part): (usize, &str)| match part {
            "label" if at % 2 == 1 => label.to_owned(),
            "domain" if at % 2 == 1 => domain.to_owned(),
            "feature" if at % 2 == 1 => self.feature.to_owned(),
            "host" if at % 2 == 1 => host.clone(),
            text => text.to_owned(),
        };
        template.split(['{', '}']).enumerate().map(part).collect()
    }

    /// Whether base cannot have the preview host of a host.
    fn is_unmistakable(&self, host: &str) -> bool {
        match self.template {
            Some(template) => template.contains("--{feature}") || template.contains("{feature}--"),
            None => host.matches('.').count() > 1,
        }
    }

    /// The pattern of a baggage that has the feature.
    pub fn baggage(&self) -> String {
        let pattern = |c: char| match c {
            c if c.is_ascii_alphanumeric() || c == '-' || c == '_' => c.to_string(),
            c => format!(r"\{c}"),
        };
        let key: String = self.header.chars().map(pattern).collect();
        format!(r"^(.*,)?[ \t]*{key}[ \t]*=[ \t]*{}[ \t]*(;[^,]*)?(,.*)?$", self.feature)
    }

    /// Whether a host is a preview host of the feature by the templates that are ours.
    fn has(&self, host: &str) -> bool {
        let label = host.split('.').next().unwrap_or_default();
        label == self.feature || label.ends_with(&format!("--{}", self.feature)) || self.template.is_some()
    }

    fn by_header(&self, syntax: &str) -> Tree {
        let name = if syntax == "v2" { "Headers" } else { "Header" };
        Tree::leaf(name, &[self.header, self.feature])
    }

    fn by_baggage(&self, syntax: &str) -> Tree {
        let name = if syntax == "v2" { "HeadersRegexp" } else { "HeaderRegexp" };
        Tree::leaf(name, &["baggage", &self.baggage()])
    }

    fn at_preview(&self, rule: &Tree) -> Tree {
        let side = |side: &Option<Box<Tree>>| side.as_ref().map(|side| Box::new(self.at_preview(side)));
        let mut tree = rule.clone();
        (tree.rule_left, tree.rule_right) = (side(&rule.rule_left), side(&rule.rule_right));
        if rule.matcher == "Host" && !rule.not {
            for host in tree.value.iter_mut().flatten().filter(|host| !host.contains('*')) {
                *host = self.preview(host);
            }
        }
        tree
    }
}

/// The hosts that a rule names, in its order.
fn named(rule: &Tree, hosts: &mut Vec<String>) {
    if let Some((left, right)) = rule.sides() {
        named(left, hosts);
        named(right, hosts);
    } else if rule.matcher == "Host" && !rule.not {
        let plain = rule.value.iter().flatten().filter(|host| !host.contains('*'));
        hosts.extend(plain.cloned());
    }
}

/// Whether every request that a rule takes has a host that it names.
fn pins(rule: &Tree) -> bool {
    if let Some((left, right)) = rule.sides() {
        return if rule.matcher == "and" { pins(left) || pins(right) } else { pins(left) && pins(right) };
    }
    let hosts = rule.value.as_deref().unwrap_or_default();
    rule.matcher == "Host" && !rule.not && !hosts.is_empty() && hosts.iter().all(|host| !host.contains('*'))
}
