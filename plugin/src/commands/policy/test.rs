//! `policy test`: what policies do with images, and whether a list approves them.

use std::path::PathBuf;

use extreg_audit::approval::{Answer, Candidate, deciding};
use extreg_cluster::{Cluster, Kind, ObjectRef};
use extreg_core::{
    facts::{ClusterFacts, Known},
    policy::{Mode, Policy},
};
use extreg_snapshot::{
    Snapshot,
    kind::Kind as Read,
    place::Origin,
    read::{ReadOptions, Reader},
};
use extreg_terminal::{Exit, Printer, Text};
use serde_json::{Value, json};

use super::{
    effect::Effect,
    expect::{self, Expectation},
    show::{labels, warn_if_exempt},
    trial::{Role, Trial, World},
};
use crate::{
    args::OutputArgs,
    context::Context,
    error::Error,
    installation::installed::Installation,
    print::{DataFormat, to_data},
};

const IMAGES: Kind = Read::ImageConfig.api();

/// Test what the policies do with images, and whether the approved list has them
///
/// Shows for each image which policy decides, what is injected into a build or a tag that names it,
/// and whether the list of approved registries allows it, or why not. Uses the policies of the cluster
/// or of files; assumes that the secrets that they name exist. Changes nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    # Show what this cluster does with an image in a namespace\n  \
    oc extreg policy test docker.io/acme/app:v1 -n snow\n\n  \
    # Test policies in a pipeline, without a cluster\n  \
    oc extreg policy test -f policy.yaml -f approved.yaml --expect expected.yaml\n\n\
    expected.yaml is a list:\n\n  \
    - image: docker.io/acme/app:v1\n    \
    role: push                  # or import, base, source, run\n    \
    policy: hub                 # or none\n    \
    injects: true\n    \
    approved: true\n\n\
    The exit code is 3 if an image is invalid, is not approved, or has another result than \
    expected.")]
pub(super) struct Args {
    /// Images, as in a manifest
    #[arg(value_name = "IMAGE", required_unless_present = "expect")]
    images: Vec<String>,
    /// Policies and list from files instead of the cluster's; - for stdin
    #[arg(short, long, value_name = "FILE")]
    filename: Vec<String>,
    /// Do not query the cluster; use -f or the built-in policy
    #[arg(long)]
    offline: bool,
    /// Use of the image: push, import, base, source or run; repeatable
    #[arg(long, value_enum, value_name = "ROLE", value_delimiter = ',')]
    role: Vec<Role>,
    /// Expected results; exit with code 3 if a result differs
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs<DataFormat>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let expected = args.expect.as_deref().map(expect::read).transpose()?;
    let expected = expected.unwrap_or_default();
    let world = world(&args, context).await?;
    let mut roles = if args.role.is_empty() {
        Role::USUAL.to_vec()
    } else {
        args.role.clone()
    };
    roles.sort_unstable();
    roles.dedup();
    let groups: Vec<Vec<Trial>> = args
        .images
        .iter()
        .map(|image| {
            roles
                .iter()
                .map(|role| world.try_image(image, *role))
                .collect()
        })
        .collect();
    let differences = differences(&expected, &world);
    let printer = &context.printer;
    if let Some(format) = args.output.format {
        let report = report(&groups, &expected, &differences, &world);
        printer.raw(&to_data(&report, format)?);
    } else {
        print(&groups, &world, printer);
        for line in &differences {
            printer.line(Text::new().red(line.as_str()));
        }
        if !expected.is_empty() && differences.is_empty() {
            let line = format!("all {} as expected", expected.len());
            printer.line(Text::new().green(line));
        }
    }
    let is_no = groups
        .iter()
        .flatten()
        .any(|trial| trial.approved() == Some(false));
    Ok(if is_no || !differences.is_empty() {
        Exit::No
    } else {
        Exit::Done
    })
}

fn differences(expected: &[Expectation], world: &World) -> Vec<String> {
    expected
        .iter()
        .flat_map(|one| one.differences(&world.try_image(&one.image, one.role), world))
        .collect()
}

/// Files need no cluster, unless a namespace is given, whose labels can decide.
async fn world(args: &Args, context: &Context) -> Result<World, Error> {
    let of_files = if args.filename.is_empty() {
        None
    } else {
        Some(Effect::of_files(&args.filename)?)
    };
    let asks = !args.offline && (of_files.is_none() || context.namespace.is_some());
    let cluster = if asks {
        Some(context.cluster().await?)
    } else {
        None
    };
    let effect = match (of_files, &cluster) {
        (Some(effect), _) => effect,
        (None, Some(cluster)) => Effect::of_cluster(cluster, &context.printer).await?,
        (None, None) => Effect::built_in(),
    };
    for one in effect.stated.iter().filter(|one| one.policy.is_none()) {
        let why = &one.ready.message;
        context
            .printer
            .warn(&format!("policy {} is not in force: {why}", one.name));
    }
    let mut snapshot = match &cluster {
        Some(cluster) => configuration(cluster).await?,
        None => Snapshot::default(),
    };
    snapshot.approved.clone_from(&effect.approved);
    let installation = match &cluster {
        Some(cluster) => Installation::read_or_default(cluster).await?,
        None => Installation::default(),
    };
    let mut world = World {
        cluster: ClusterFacts {
            internal: snapshot.cluster.internal.clone(),
            integrated: snapshot.cluster.integrated,
            own_namespace: installation.own_namespace,
            reach: installation.reach,
        },
        snapshot,
        ..World::from(effect.set.capped(installation.cap))
    };
    match &cluster {
        Some(cluster) => {
            let namespace = cluster.namespace();
            world.labels = labels(cluster, namespace).await?;
            warn_if_exempt(namespace, &world.labels, &context.printer);
            namespace.clone_into(&mut world.namespace);
        }
        None => world.namespace = context.namespace.clone().unwrap_or_default(),
    }
    Ok(world)
}

/// The cluster's configuration of registries; unknown if the user cannot read it.
async fn configuration(cluster: &Cluster) -> Result<Snapshot, Error> {
    let mut reader = Reader::new(ReadOptions::default());
    match cluster.get(&ObjectRef::new(IMAGES, "", "cluster")).await {
        Ok(Some(images)) => {
            let json = images.body.to_string();
            reader
                .read(Read::ImageConfig, &json, Origin::Cluster, "")
                .map_err(|error| Error::failed(error.to_string()))?;
        }
        Ok(None) => reader.listed(Read::ImageConfig, ""),
        Err(error) if error.is_forbidden() => {}
        Err(error) => return Err(error.into()),
    }
    Ok(reader.finish(cluster.name().to_owned()))
}

fn print(groups: &[Vec<Trial>], world: &World, printer: &Printer) {
    let list = deciding(&world.snapshot);
    for (position, group) in groups.iter().enumerate() {
        if position > 0 {
            printer.line("");
        }
        if let Some(trial) = group.first() {
            printer.line(Text::new().bold(trial.image.as_str()));
        }
        for trial in group {
            for place in &trial.places {
                printer.line(place_line(trial, place));
            }
            if trial.places.is_empty() {
                let head = Text::new().plain(format!("  {:<9}", trial.role.word()));
                printer.line(head.dim("nothing is injected"));
            }
        }
        let mut shown: Vec<String> = Vec::new();
        for line in group
            .iter()
            .flat_map(|trial| answer_lines(trial, list.as_ref()))
        {
            let text = line.render(false);
            if !shown.contains(&text) {
                shown.push(text);
                printer.line(line);
            }
        }
    }
    let is_known = !matches!(world.snapshot.cluster.registries, Known::Unknown);
    if list.is_none() && !groups.is_empty() {
        printer.note(if is_known {
            "the cluster has no list of approved registries; specify one with -f"
        } else {
            "the cluster's list of approved registries is unknown; specify one with -f"
        });
    }
}

fn place_line(trial: &Trial, place: &super::trial::Place) -> Text {
    let head = Text::new().plain(format!("  {:<9}", trial.role.word()));
    let what = format!("{} {} ", place.kind, place.field);
    let of = match &place.policy {
        Some(policy) => format!(" (policy {policy})"),
        None => String::new(),
    };
    let text = head.plain(what);
    if place.injects {
        text.green(place.words.as_str()).plain(of)
    } else {
        text.plain(place.words.as_str()).plain(of)
    }
}

fn answer_lines(trial: &Trial, list: Option<&(String, Vec<String>)>) -> Vec<Text> {
    let head = || Text::new().plain(format!("  {:<9}", "approved"));
    match &trial.answer {
        Answer::Means(all) => all
            .iter()
            .filter_map(|candidate| {
                let (is_approved, words) = candidate_words(candidate, list)?;
                Some(if is_approved {
                    head().green(words)
                } else {
                    head().red(words)
                })
            })
            .collect(),
        Answer::Internal => vec![head().green("yes: it is in the integrated registry")],
        Answer::Invalid(why) => vec![head().red(format!("no: {why}"))],
        Answer::Parameter => vec![head().orange("unknown: it contains a parameter")],
        Answer::Searched => {
            vec![head().orange(
                "unknown: it is a short name, and the registries that the nodes search are unknown",
            )]
        }
    }
}

fn candidate_words(
    candidate: &Candidate,
    list: Option<&(String, Vec<String>)>,
) -> Option<(bool, String)> {
    let name = &candidate.name;
    if candidate.blocked {
        return Some((false, format!("no: the cluster blocks {name}")));
    }
    let (title, entries) = list?;
    if candidate.approved? {
        return Some((true, format!("yes: {title} holds {name}")));
    }
    let why = match lookalike(name, entries) {
        Some((host, other)) => format!("; {host} is a different registry than {other}"),
        None => format!(": it has {}", entries.join(", ")),
    };
    Some((false, format!("no: {title} does not hold {name}{why}")))
}

/// A host that looks like a host of the list but differs: names are compared completely.
fn lookalike<'a>(name: &'a str, entries: &'a [String]) -> Option<(&'a str, &'a str)> {
    let host = name.split('/').next()?;
    let hosts = entries.iter().filter_map(|entry| entry.split('/').next());
    hosts
        .filter(|other| !other.is_empty() && host != *other && host.contains(*other))
        .max_by_key(|other| other.len())
        .map(|other| (host, other))
}

fn report(
    groups: &[Vec<Trial>],
    expected: &[Expectation],
    differences: &[String],
    world: &World,
) -> Value {
    let list = deciding(&world.snapshot);
    let images: Vec<Value> = groups
        .iter()
        .flatten()
        .map(|trial| {
            let means: Vec<Value> = match &trial.answer {
                Answer::Means(all) => all
                    .iter()
                    .map(|one| {
                        json!({"name": one.name, "approved": one.approved, "blocked": one.blocked})
                    })
                    .collect(),
                _ => Vec::new(),
            };
            let why: Vec<String> = answer_lines(trial, list.as_ref())
                .iter()
                .map(|line| line.render(false))
                .filter_map(|line| line.get(11..).map(str::to_owned))
                .collect();
            json!({
                "image": trial.image, "role": trial.role.word(), "policy": trial.policy(),
                "injects": trial.injects(), "places": trial.places, "means": means,
                "approved": trial.approved(), "messages": why,
            })
        })
        .collect();
    json!({
        "apiVersion": "extreg.io/v1",
        "kind": "PolicyTest",
        "namespace": world.namespace,
        "list": list.map(|(title, entries)| json!({"title": title, "entries": entries})),
        "images": images,
        "expected": expected.len(),
        "differences": differences,
        "policies": world.policies.iter()
            .filter(|policy| policy.mode() != Mode::Off)
            .map(Policy::name)
            .collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_looks_like_a_host_of_the_list_is_named() {
        let entries = ["docker.io/acme".to_owned(), "quay.io".to_owned()];
        for (name, want) in [
            (
                "docker.io.evil.com/a/b",
                Some(("docker.io.evil.com", "docker.io")),
            ),
            ("evil-docker.io/a/b", Some(("evil-docker.io", "docker.io"))),
            ("docker.io/acmecorp/b", None),
            ("gcr.io/a/b", None),
        ] {
            assert_eq!(lookalike(name, &entries), want, "{name}");
        }
    }
}
