//! The names that a template may use, as data: for the check before rendering and for the documentation.

/// What stands behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text, number or boolean.
    Leaf,
    /// A map or value whose keys are data, such as labels: any key may be asked for.
    Open,
    /// A map with these fields and no others.
    Record(&'static [Field]),
    /// A list of such values.
    List(&'static Shape),
}

/// One field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What stands behind it.
    pub shape: Shape,
    /// What it means, for the documentation.
    pub meaning: &'static str,
}

const fn field(name: &'static str, shape: Shape, meaning: &'static str) -> Field {
    Field { name, shape, meaning }
}

impl Shape {
    /// The fields of a record, empty for everything else.
    #[must_use]
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Record(fields) => fields,
            Self::Leaf | Self::Open | Self::List(_) => &[],
        }
    }

    /// The shape behind a field; `None` when there is no such field.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Shape> {
        match self {
            Self::Open => Some(Self::Open),
            Self::Record(fields) => fields.iter().find(|f| f.name == name).map(|f| f.shape),
            Self::Leaf | Self::List(_) => None,
        }
    }

    /// The shape of an element, for a loop or an index.
    #[must_use]
    pub fn element(self) -> Shape {
        match self {
            Self::List(element) => *element,
            Self::Leaf | Self::Open | Self::Record(_) => Self::Open,
        }
    }
}

const CLUSTER: Shape = Shape::Record(&[
    field("addons", Shape::Open, "addon toggles: name to true or false"),
    field("annotations", Shape::Open, "the cluster's free metadata"),
    field("cloud", Shape::Leaf, "label `cloud`, or null"),
    field("env", Shape::Leaf, "label `environment`, or null"),
    field("kubernetes_version", Shape::Leaf, "label `kubernetes_version`, or null"),
    field("labels", Shape::Open, "the cluster's free labels"),
    field("name", Shape::Leaf, "the cluster's name"),
    field("region", Shape::Leaf, "label `region`, or null"),
    field("role", Shape::Leaf, "`hub` or `spoke`"),
    field("server", Shape::Leaf, "the API server as Argo CD knows it"),
    field("teams", Shape::List(&Shape::Leaf), "the teams' labels"),
    field("type", Shape::Leaf, "label `type`"),
]);

const SOURCE: Shape = Shape::Record(&[
    field("base_path", Shape::Leaf, "base path, ending in `/`"),
    field("path", Shape::Leaf, "path below the base path"),
    field("revision", Shape::Leaf, "branch, tag or commit"),
    field("url", Shape::Leaf, "address of the repository"),
]);

/// Everything that a template sees, in order of the names.
pub const CONTEXT: Shape = Shape::Record(&[
    field(
        "argocd",
        Shape::Record(&[
            field("namespace", Shape::Leaf, "Argo CD's namespace"),
            field("version", Shape::Leaf, "Argo CD's version, or null when bridge does not install it"),
        ]),
        "Argo CD on the hub",
    ),
    field("clusters", Shape::List(&CLUSTER), "every cluster, in order of the names"),
    field(
        "gitops",
        Shape::Record(&[
            field("addons", SOURCE, "the addons repository, or null"),
            field("addons_extras", SOURCE, "the private addons repository, or null"),
            field("clusters", SOURCE, "the clusters repository, or null"),
            field("workloads", SOURCE, "the workloads repository, or null"),
        ]),
        "the repositories of the profile",
    ),
    field("hub", CLUSTER, "the cluster that runs Argo CD"),
    field("profile", Shape::Record(&[field("name", Shape::Leaf, "metadata.name")]), "the profile"),
    field(
        "settings",
        Shape::Record(&[
            field(
                "per_cluster",
                Shape::Record(&[
                    field("addons", Shape::Leaf, "the addons set"),
                    field("clusters", Shape::Leaf, "the clusters set"),
                    field("workloads", Shape::Leaf, "the workloads set"),
                ]),
                "which sets generate one Application for each cluster",
            ),
            field(
                "preserve_resources_on_deletion",
                Shape::Leaf,
                "applicationSets.preserveResourcesOnDeletion",
            ),
        ]),
        "the profile's `applicationSets`",
    ),
]);
