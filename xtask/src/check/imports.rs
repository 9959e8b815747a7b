//! Which module imports which: no two commands, and no circle wider than a module with its children.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use anyhow::{Context as _, Result, bail};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Item, ItemMod, UseTree};

/// A module below the root of its crate: `commands::audit`; empty for the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Module(Vec<String>);

/// The modules of a crate and what each imports, tests not counted.
#[derive(Debug, Default)]
struct Imports(BTreeMap<Module, BTreeSet<Module>>);

/// Fails on an import between two commands, and on a circle.
///
/// # Errors
/// If there is one.
pub(super) fn check(root: &Path, packages: &[String]) -> Result<()> {
    let mut wrong = Vec::new();
    for package in packages {
        let imports = Imports::read(&root.join(package).join("src"))?;
        for circle in imports.circles() {
            let names: Vec<String> = circle.iter().map(ToString::to_string).collect();
            wrong.push(format!(
                "{package}: import each other: {}",
                names.join(", ")
            ));
        }
        if package == "plugin" {
            let pairs = imports.between_commands();
            wrong.extend(
                pairs
                    .iter()
                    .map(|(a, b)| format!("commands/{a} imports commands/{b}")),
            );
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

/// The folders of crates that ship.
pub(super) fn packages(root: &Path) -> Result<Vec<String>> {
    let mut packages = Vec::new();
    for parent in ["", "crates"] {
        for entry in fs::read_dir(root.join(parent))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().join("src/lib.rs").exists()
                && !["tests", "xtask", "fuzz"].contains(&&*name)
            {
                packages.push(Path::new(parent).join(name).to_string_lossy().into_owned());
            }
        }
    }
    packages.sort();
    Ok(packages)
}

impl Imports {
    fn read(source: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        find(
            source,
            &source.join("lib.rs"),
            &Module::default(),
            &mut files,
        )?;
        let known: BTreeSet<Module> = files.keys().cloned().collect();
        let imports = files.into_iter().map(|(module, file)| {
            let mut finder = Finder {
                here: module.clone(),
                known: &known,
                found: BTreeSet::new(),
            };
            finder.visit_file(&file);
            finder.found.remove(&module);
            (module.clone(), finder.found)
        });
        Ok(Self(imports.collect()))
    }

    /// Pairs of commands of which the first imports the second.
    fn between_commands(&self) -> BTreeSet<(String, String)> {
        let command = |module: &Module| match module.0.as_slice() {
            [first, name, ..] if first == "commands" => Some(name.clone()),
            _ => None,
        };
        let mut pairs = BTreeSet::new();
        for (from, all) in &self.0 {
            for to in all {
                if let (Some(from), Some(to)) = (command(from), command(to))
                    && from != to
                {
                    pairs.insert((from, to));
                }
            }
        }
        pairs
    }

    /// Modules that reach each other, unless they are one module and its children.
    fn circles(&self) -> Vec<BTreeSet<Module>> {
        let reached: BTreeMap<&Module, BTreeSet<&Module>> = self
            .0
            .keys()
            .map(|module| (module, self.reach(module)))
            .collect();
        let mut circles = BTreeSet::new();
        for (module, far) in &reached {
            let circle: BTreeSet<Module> = far
                .iter()
                .filter(|other| {
                    reached
                        .get(**other)
                        .is_some_and(|back| back.contains(module))
                })
                .map(|other| (*other).clone())
                .collect();
            if circle.len() > 1 && !is_family(&circle) {
                circles.insert(circle);
            }
        }
        circles.into_iter().collect()
    }

    fn reach<'i>(&'i self, from: &'i Module) -> BTreeSet<&'i Module> {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(module) = open.pop() {
            for next in self.0.get(module).into_iter().flatten() {
                if reached.insert(next) {
                    open.push(next);
                }
            }
        }
        reached
    }
}

/// Whether these are a module and children of it.
fn is_family(circle: &BTreeSet<Module>) -> bool {
    circle.iter().any(|parent| {
        circle.iter().all(|module| {
            module == parent
                || module
                    .0
                    .split_last()
                    .is_some_and(|(_, above)| above == parent.0)
        })
    })
}

/// Reads a module and those below it.
fn find(
    folder: &Path,
    path: &Path,
    module: &Module,
    files: &mut BTreeMap<Module, syn::File>,
) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    let file = syn::parse_file(&text).with_context(|| format!("parse {}", path.display()))?;
    for item in &file.items {
        let Item::Mod(item) = item else { continue };
        if item.content.is_some() || is_test(item) {
            continue;
        }
        let name = item.ident.to_string();
        let below = module.child(&name);
        let candidates: [PathBuf; 2] = [
            folder.join(format!("{name}.rs")),
            folder.join(&name).join("mod.rs"),
        ];
        let Some(path) = candidates.iter().find(|path| path.exists()) else {
            bail!("{}: no file for mod {name}", path.display());
        };
        find(&folder.join(&name), path, &below, files)?;
    }
    files.insert(module.clone(), file);
    Ok(())
}

fn is_test(item: &ItemMod) -> bool {
    item.attrs.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string().contains("test"))
    })
}

/// Collects what a module imports.
struct Finder<'a> {
    /// The module, or one that is written inside of it.
    here: Module,
    known: &'a BTreeSet<Module>,
    found: BTreeSet<Module>,
}

impl Finder<'_> {
    /// Follows a path to its last module.
    fn path(&mut self, path: &[String]) {
        let (mut at, rest) = match path {
            [first, rest @ ..] if first == "crate" => (Module::default(), rest),
            [first, ..] if first == "self" || first == "super" => (self.here.clone(), path),
            _ => return,
        };
        for name in rest {
            match &**name {
                "self" => {}
                "super" => {
                    at.0.pop();
                }
                name => {
                    let below = at.child(name);
                    if !self.known.contains(&below) {
                        break;
                    }
                    at = below;
                }
            }
        }
        while !self.known.contains(&at) {
            at.0.pop();
        }
        self.found.insert(at);
    }

    fn tree(&mut self, before: &mut Vec<String>, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(before, &path.tree);
                before.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(before, tree);
                }
            }
            UseTree::Name(name) => self.name(before, name.ident.to_string()),
            UseTree::Rename(name) => self.name(before, name.ident.to_string()),
            UseTree::Glob(_) => self.path(before),
        }
    }

    fn name(&mut self, before: &mut Vec<String>, name: String) {
        before.push(name);
        self.path(before);
        before.pop();
    }

    /// Paths in the arguments of a macro.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        let mut is_visibility = false;
        for token in tokens {
            // As in `visit_visibility`.
            let after_pub = std::mem::take(&mut is_visibility);
            match token {
                TokenTree::Ident(name) if name == "pub" => is_visibility = true,
                TokenTree::Group(_) if after_pub => {}
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.path(&path);
                        path.clear();
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => colons = 0,
            }
        }
        self.path(&path);
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if item.content.is_some() && !is_test(item) {
            self.here.0.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.here.0.pop();
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&mut Vec::new(), &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|part| part.ident.to_string())
            .collect();
        self.path(&names);
        visit::visit_path(self, path);
    }

    /// Who may see something imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
    }
}

impl Module {
    fn child(&self, name: &str) -> Self {
        let mut path = self.0.clone();
        path.push(name.to_owned());
        Self(path)
    }
}

impl fmt::Display for Module {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return formatter.write_str("the crate's root");
        }
        formatter.write_str(&self.0.join("::"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(files: &[(&str, &str)]) -> Imports {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Imports::read(folder.path()).unwrap()
    }

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let circles = imports(files).circles();
        let names = |circle: &BTreeSet<Module>| {
            circle
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        circles.iter().map(names).collect()
    }

    #[test]
    fn a_circle_is_found_in_whatever_way_it_is_written() {
        for back in [
            "use crate::a::A;",
            "use super::a::A;",
            "use crate::{a::{A as B}};",
            "fn f() -> crate::a::A {}",
            "fn f() { crate::a::f(); }",
            "fn f() { format!(\"{}\", crate::a::A); }",
            "mod inner { use super::super::a::A; }",
        ] {
            let files = [
                ("lib.rs", "mod a; mod b;"),
                ("a.rs", "use crate::b::B;"),
                ("b.rs", back),
            ];
            assert_eq!(circles(&files), ["a b"], "{back}");
        }
    }

    #[test]
    fn tests_and_children_of_a_module_are_not_a_circle() {
        let tests = "#[cfg(test)] mod tests { use crate::a::A; }";
        assert!(
            circles(&[
                ("lib.rs", "mod a; mod b;"),
                ("a.rs", "use crate::b::B;"),
                ("b.rs", tests)
            ])
            .is_empty()
        );
        let family = [
            ("lib.rs", "mod a;"),
            ("a.rs", "mod b; use self::b::B; struct A;"),
            ("a/b.rs", "use super::A;"),
        ];
        assert!(circles(&family).is_empty());
    }

    #[test]
    fn commands_that_import_each_other_are_named() {
        let imports = imports(&[
            ("lib.rs", "mod commands;"),
            ("commands.rs", "mod a; mod b;"),
            ("commands/a.rs", "use super::b::B; mod c;"),
            ("commands/a/c.rs", "use super::super::a;"),
            ("commands/b.rs", ""),
        ]);
        assert_eq!(
            imports.between_commands(),
            BTreeSet::from([("a".to_owned(), "b".to_owned())])
        );
    }
}
