//! SLSA provenance predicates, versions 0.1, 0.2 and 1: who built, how, from what and when. Read by the formats that wrap
//! them.
//!
//! Source: slsa.dev/spec (provenance v0.1, v0.2, v1); buildkit `solver/llbsolver/provenance/types` for its own metadata;
//! the buildtypes of GitHub Actions and Cloud Build for their external parameters. Parameters and environment of a build
//! may hold secrets and are never read.

use super::lazy::{Json, Members};

/// What a predicate says of a build. Empty where it says nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Build {
    /// Who built.
    pub(super) builder_id: Option<String>,
    /// Type of the build.
    pub(super) build_type: Option<String>,
    /// Source repository.
    pub(super) source_uri: Option<String>,
    /// Source commit.
    pub(super) source_commit: Option<String>,
    /// When the build ended or, where that is not said, began; as written.
    pub(super) time: Option<String>,
}

/// Where buildkit keeps what it knows of the version control beside the standard's fields.
const BUILDKIT: &str = "https://mobyproject.org/buildkit@v1#metadata";

impl Build {
    /// Reads the predicate by its shape, whatever version its type names.
    pub(super) fn of(predicate: &Members<'_>) -> Self {
        if let Some(definition) = object(predicate, "buildDefinition") {
            of_version_1(predicate, &definition)
        } else if let Some(recipe) = object(predicate, "recipe") {
            of_version_0_1(predicate, &recipe)
        } else {
            of_version_0_2(predicate)
        }
    }
}

fn of_version_1(predicate: &Members<'_>, definition: &Members<'_>) -> Build {
    let details = object(predicate, "runDetails");
    let metadata = details.as_ref().and_then(|details| object(details, "metadata"));
    let parameters = object(definition, "externalParameters");
    let parameter = |key: &str| parameters.as_ref().and_then(|parameters| object(parameters, key));
    let named = ["source", "configSource", "workflow", "buildConfigSource"]
        .into_iter()
        .filter_map(parameter)
        .find_map(|source| Source::of(&source));
    let materials = definition.get("resolvedDependencies").map(|list| list.elements()).unwrap_or_default();
    let source = named.unwrap_or_default().or_version_control(metadata.as_ref()).or_material(&materials);
    Build {
        builder_id: details.as_ref().and_then(|details| object(details, "builder")).and_then(|builder| text(&builder, "id")),
        build_type: text(definition, "buildType"),
        source_uri: source.uri,
        source_commit: source.commit,
        time: metadata.as_ref().and_then(|metadata| text(metadata, "finishedOn").or_else(|| text(metadata, "startedOn"))),
    }
}

fn of_version_0_2(predicate: &Members<'_>) -> Build {
    let metadata = object(predicate, "metadata");
    let invocation = object(predicate, "invocation");
    let config = invocation.as_ref().and_then(|invocation| object(invocation, "configSource"));
    let materials = predicate.get("materials").map(|list| list.elements()).unwrap_or_default();
    let named = config.and_then(|config| Source::of(&config)).unwrap_or_default();
    let source = named.or_version_control(metadata.as_ref()).or_material(&materials);
    Build {
        builder_id: object(predicate, "builder").and_then(|builder| text(&builder, "id")),
        build_type: text(predicate, "buildType"),
        source_uri: source.uri,
        source_commit: source.commit,
        time: metadata.as_ref().and_then(time_before_version_1),
    }
}

fn of_version_0_1(predicate: &Members<'_>, recipe: &Members<'_>) -> Build {
    let metadata = object(predicate, "metadata");
    let materials = predicate.get("materials").map(|list| list.elements()).unwrap_or_default();
    let index = recipe.get("definedInMaterial").and_then(Json::int).and_then(|index| usize::try_from(index).ok());
    let named = index.and_then(|index| materials.get(index)?.members()).and_then(|material| Source::of(&material));
    let source = named.unwrap_or_default().or_material(&materials);
    Build {
        builder_id: object(predicate, "builder").and_then(|builder| text(&builder, "id")),
        build_type: text(recipe, "type"),
        source_uri: source.uri,
        source_commit: source.commit,
        time: metadata.as_ref().and_then(time_before_version_1),
    }
}

fn time_before_version_1(metadata: &Members<'_>) -> Option<String> {
    text(metadata, "buildFinishedOn").or_else(|| text(metadata, "buildStartedOn"))
}

/// A repository and its commit, as far as they are said.
#[derive(Default)]
struct Source {
    uri: Option<String>,
    commit: Option<String>,
}

impl Source {
    /// A resource: `uri` or `repository`, and the commit among its digests. Nothing where it names no place.
    fn of(resource: &Members<'_>) -> Option<Self> {
        let uri = text(resource, "uri").or_else(|| text(resource, "repository"))?;
        let digests = object(resource, "digest");
        let commit = digests.and_then(|digests| text(&digests, "gitCommit").or_else(|| text(&digests, "sha1")));
        Some(Self { uri: Some(uri), commit })
    }

    /// Buildkit's own word where the predicate names no source.
    fn or_version_control(self, metadata: Option<&Members<'_>>) -> Self {
        let own = metadata.and_then(|metadata| object(metadata, BUILDKIT));
        let control = own.as_ref().and_then(|own| object(own, "vcs"));
        match (self.uri.is_some(), control) {
            (false, Some(control)) => Self { uri: text(&control, "source"), commit: text(&control, "revision") },
            _ => self,
        }
    }

    /// What is still missing, from the materials: the commit of the one that has the same place, or, where no source is
    /// named, the only one with a commit. Of two nobody can say which is the source.
    fn or_material(self, materials: &[Json<'_>]) -> Self {
        if self.commit.is_some() {
            return self;
        }
        let mut found = materials
            .iter()
            .filter_map(|material| Self::of(&material.members()?))
            .filter(|material| material.commit.is_some() && self.uri.as_deref().is_none_or(|uri| material.is_at(uri)));
        match (found.next(), found.next()) {
            (Some(only), None) => Self { uri: self.uri.or(only.uri), commit: only.commit },
            _ => self,
        }
    }

    /// Whether the material is of that repository: `git+https://host/repo@refs/heads/main` is of `https://host/repo`.
    fn is_at(&self, uri: &str) -> bool {
        let plain = |uri: &str| uri.strip_prefix("git+").unwrap_or(uri).trim_end_matches('/').to_owned();
        let (own, uri) = (self.uri.as_deref().map(plain).unwrap_or_default(), plain(uri));
        own.strip_prefix(&uri).is_some_and(|rest| rest.is_empty() || rest.starts_with(['@', '#']) || rest.starts_with(".git"))
    }
}

fn object<'m>(members: &'m Members<'_>, key: &str) -> Option<Members<'m>> {
    members.get(key)?.members()
}

fn text(members: &Members<'_>, key: &str) -> Option<String> {
    members.filled(key).map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(predicate: &str) -> Build {
        Build::of(&Members::of(predicate).expect("an object"))
    }

    #[test]
    fn version_1_takes_the_commit_from_the_dependency_of_the_same_repository() {
        let build = build(
            r#"{"buildDefinition":{"buildType":"t","externalParameters":{"workflow":{"ref":"r","repository":"https://git.example/a"}},
                "resolvedDependencies":[{"uri":"git+https://git.example/ab@refs/heads/main","digest":{"gitCommit":"wrong"}},
                                        {"uri":"git+https://git.example/a@refs/heads/main","digest":{"gitCommit":"c0ffee"}}]},
                "runDetails":{"builder":{"id":"b"},"metadata":{"startedOn":"2026-01-01T00:00:00Z"}}}"#,
        );
        assert_eq!(build.source_uri.as_deref(), Some("https://git.example/a"));
        assert_eq!(build.source_commit.as_deref(), Some("c0ffee"));
        assert_eq!((build.builder_id.as_deref(), build.time.as_deref()), (Some("b"), Some("2026-01-01T00:00:00Z")));
    }

    #[test]
    fn version_0_2_of_buildkit_falls_back_to_its_version_control() {
        let build = build(
            r#"{"builder":{"id":""},"buildType":"t","invocation":{"configSource":{"entryPoint":"Dockerfile"}},
                "materials":[{"uri":"pkg:docker/debian@12","digest":{"sha256":"aa"}}],
                "metadata":{"buildFinishedOn":"2026-01-01T00:01:00Z","buildStartedOn":"2026-01-01T00:00:00Z",
                "https://mobyproject.org/buildkit@v1#metadata":{"vcs":{"source":"https://git.example/a","revision":"c0ffee"}}}}"#,
        );
        assert_eq!(build.builder_id, None, "an empty builder names none");
        assert_eq!(build.source_commit.as_deref(), Some("c0ffee"));
        assert_eq!(build.time.as_deref(), Some("2026-01-01T00:01:00Z"));
    }

    #[test]
    fn version_0_1_takes_the_material_that_defines_the_recipe() {
        let build = build(
            r#"{"builder":{"id":"b"},"recipe":{"type":"t","definedInMaterial":1},"materials":[
                {"uri":"https://git.example/a","digest":{"sha1":"one"}},{"uri":"https://git.example/b","digest":{"sha1":"two"}}]}"#,
        );
        assert_eq!(build.source_commit.as_deref(), Some("two"));
        assert_eq!(build.build_type.as_deref(), Some("t"));
    }

    #[test]
    fn of_two_commits_none_is_taken() {
        let build = build(
            r#"{"buildType":"t","materials":[
                {"uri":"https://git.example/a","digest":{"sha1":"one"}},{"uri":"https://git.example/b","digest":{"sha1":"two"}}]}"#,
        );
        assert_eq!((build.source_uri, build.source_commit), (None, None));
    }
}
