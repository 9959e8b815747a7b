//! The quick start: the first hour of the README, in the console.

use super::model::{QuickStart, Review, Summary, Task};
use crate::icon::{ICON_TYPE, icon_base64};

/// A task of the quick start: its commands, one a line.
struct Step {
    title: &'static str,
    before: &'static str,
    commands: &'static [&'static str],
    after: &'static str,
    question: &'static str,
    help: &'static str,
    done: &'static str,
}

const STEPS: [Step; 6] = [
    Step {
        title: "Install the command line",
        before: "Open **Help** > **Command Line Tools**, download `oc extreg` for your system, and put `oc-extreg` into a folder \
                 of your `PATH`. Then log in with `oc login`, and check what the flow needs in your project, here `shop`:",
        commands: &["oc extreg version", "oc extreg check --pre -n shop"],
        after: "The last line counts what is missing.",
        question: "Does the check end with 0 failed?",
        help: "Each line that failed shows what to do. `oc extreg doctor` checks the connection to the cluster.",
        done: "The cluster has what the flow needs.",
    },
    Step {
        title: "Set up an application",
        before: "Name your image and the repository of its source:",
        commands: &[
            "oc extreg setup cart -n shop --image docker.io/acme/cart --source https://github.com/acme/cart",
        ],
        after: "The access token of the registry is read from a prompt, and tried first. A second run changes nothing.",
        question: "Does the output list a Secret, a BuildConfig, an ImageStream and a Deployment?",
        help: "Objects that `setup` did not create are refused: choose another name, or add `--adopt` to use them.",
        done: "The application builds, and its image is imported on a schedule.",
    },
    Step {
        title: "Watch the first build",
        before: "The first build starts automatically. Show it, and how far its image is:",
        commands: &[
            "oc logs -f buildconfig/cart -n shop",
            "oc extreg status cart:latest -n shop",
        ],
        after: "The first broken link of the path is marked, with what fixes it.",
        question: "Is each link from build to pods ok?",
        help: "The marked link shows the reason. `oc extreg status cart:latest -n shop -o wide` shows more.",
        done: "The image of the build runs.",
    },
    Step {
        title: "Check the credentials",
        before: "Builds, imports and nodes search different secrets. Show which one each uses:",
        commands: &["oc extreg secret check -n shop"],
        after: "Replace a token everywhere with `oc extreg secret rotate`.",
        question: "Does each consumer have a secret?",
        help: "`oc extreg secret link` links a secret where a consumer needs it.",
        done: "Each consumer has a credential that fits.",
    },
    Step {
        title: "Audit the project",
        before: "Show which images come from which registries, and what to fix. Nothing is changed:",
        commands: &["oc extreg audit -n shop"],
        after: "`--details` adds the reason and the fix of each finding.",
        question: "Do you see the counts of findings?",
        help: "What could not be read is listed as inconclusive, with the missing permission.",
        done: "You know what to fix in this project.",
    },
    Step {
        title: "Remove the application",
        before: "Show what would be removed, then remove it:",
        commands: &[
            "oc extreg teardown cart -n shop",
            "oc extreg teardown cart -n shop --yes",
        ],
        after: "Only objects that `setup` created are removed.",
        question: "Are the BuildConfig, the ImageStream and the Deployment removed?",
        help: "Objects that were changed since are listed as skipped.",
        done: "The project is as it was before.",
    },
];

pub(super) fn quick_start() -> QuickStart {
    QuickStart {
        display_name: "Push builds to an external registry",
        duration_minutes: 15,
        icon: format!("data:{ICON_TYPE};base64,{}", icon_base64()),
        description: "Set up, follow and audit an application whose image is on docker.io or another external registry.",
        prerequisites: vec![
            "A project in which you can create builds",
            "A repository on the registry, and an access token for it",
        ],
        introduction: "You set up an application that builds on OpenShift, pushes its image to an external registry, and follows the \
                       image from there. No administrator's rights are needed, and nothing is installed on the cluster.",
        tasks: STEPS.iter().map(task).collect(),
        conclusion: "You set up an application with an external registry, followed its image from the build to its pods, and \
                     removed it.",
    }
}

fn task(step: &Step) -> Task {
    let blocks: Vec<String> = step
        .commands
        .iter()
        .map(|command| format!("\n```\n{command}\n```{{{{copy}}}}\n"))
        .collect();
    let blocks = blocks.concat();
    Task {
        title: step.title,
        description: format!("{}\n{blocks}\n{}\n", step.before, step.after),
        review: Review {
            instructions: step.question,
            failed_task_help: format!("This task is not finished. {}", step.help),
        },
        summary: Summary {
            success: step.done,
            failed: "Try the steps again.",
        },
    }
}
