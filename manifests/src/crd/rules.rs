//! The validation rules of a policy in CEL, with their messages.
//!
//! If one error implies another, only the first is reported: for `https://docker.io`, the path is not
//! mentioned.

/// One rule and its message.
pub(super) type Rule = (&'static str, &'static str);

/// A registry is a host as OpenShift's reference grammar knows it. A first component without a dot, a
/// colon or the name `localhost` is part of the repository there (library-go
/// `pkg/image/reference/reference.go`, `Parse`).
pub(super) const REGISTRY: &[Rule] = &[
    (
        "!self.contains('://')",
        "must be a host without a scheme: docker.io, not https://docker.io",
    ),
    (
        "self.contains('://') || !self.contains('/')",
        "must be a host without a path: put the path in repositories",
    ),
    (
        "self.contains('/') || self == self.lowerAscii()",
        "must be in lower case: OpenShift compares the names of registries as they are spelled",
    ),
    (
        "self.contains('/') || self != self.lowerAscii() || self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?$')",
        "must be a host or host:port, such as docker.io or registry.example.com:8443",
    ),
    (
        "!self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$') || self == 'localhost'",
        "must have a dot or a port, or OpenShift reads it as the first part of a repository",
    ),
    (
        "!self.matches('^((image-registry[.]openshift-image-registry|docker-registry[.]default)[.]svc([.]cluster[.]local)?(:5000)?$|default-route-openshift-image-registry[.]|172[.]30[.][0-9]+[.][0-9]+:5000$)')",
        "must not be the integrated registry, for which OpenShift itself has the credentials",
    ),
];

/// A glob is anchored at both ends; `*` stands for part of a segment and `**` for any number of segments.
pub(super) const REPOSITORY: &[Rule] = &[
    (
        "!self.startsWith('/') && !self.endsWith('/') && !self.contains('//')",
        "must be segments separated by single slashes, without one at the start or the end",
    ),
    (
        "!self.contains(':') && !self.contains('@')",
        "must be a repository without registry port, tag or digest",
    ),
    (
        "self.contains(':') || self.contains('@') || self.matches('^[a-z0-9._*/-]+$')",
        "must consist of lower case letters, digits, '.', '_', '-', '*' and '/'",
    ),
    (
        "self.split('/').all(s, s == '**' || !s.contains('**'))",
        "'**' must be a whole segment",
    ),
];

/// A secret's name is a DNS-1123 subdomain.
pub(super) const SECRET_NAME: &[Rule] = &[(
    "self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$')",
    "must be the name of a Secret: lower case letters, digits, '-' and '.'",
)];

/// `LabelSelectorRequirement` as the API server validates it elsewhere.
pub(super) const REQUIREMENT: &[Rule] = &[(
    "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
    "In and NotIn need values; Exists and DoesNotExist take none",
)];

/// `import` is a reserved word of CEL, hence the underscores.
pub(super) const SPEC: &[Rule] = &[(
    "self.mode == 'Off' || has(self.push) || has(self.pull) || has(self.__import__)",
    "must set push, pull or import, or have mode Off",
)];
