//! Finds the image to promote.

use extreg_core::registry::{InternalRegistry, RefRole, Resolution, resolve};

use super::settings::{From, Place};
use crate::{
    error::Error,
    stream::{Origin, Shown, Stream, StreamTag},
};

/// The image to promote.
///
/// # Errors
/// [`Error::Failed`] if the image does not exist.
pub(super) fn image<'a>(place: Place<'_>, source: &'a Stream) -> Result<Shown<'a>, Error> {
    let Place {
        settings,
        caller,
        namespace,
    } = place;
    match &settings.from {
        From::Tag(from) => {
            let Some(shown) = source.shown(&from.tag) else {
                return Err(shows_nothing(place, from, source));
            };
            if shown.digest.is_empty() {
                return Err(Error::failed(format!(
                    "{from} is a reference tag, whose image is unknown; to let {} follow the same \
                     image: {caller} tag {} {} -n {namespace}",
                    settings.to, shown.pull_spec, settings.to
                )));
            }
            Ok(shown)
        }
        // The API server accepts any digest, and a tag with an unknown one shows nothing.
        From::Image { stream, digest } => source
            .history()
            .find(|shown| shown.digest == digest)
            .ok_or_else(|| {
                Error::failed(format!(
                    "no tag of ImageStream {stream} shows or showed {digest}"
                ))
            }),
    }
}

/// Why a tag shows no image, and how to fix it.
fn shows_nothing(place: Place<'_>, from: &StreamTag, source: &Stream) -> Error {
    let Place {
        caller, namespace, ..
    } = place;
    let Some(tag) = source.spec_tag(&from.tag) else {
        let tags = source.spec_tags().join(", ");
        return Error::failed(format!(
            "ImageStream {} has no tag {}; it has: {tags}",
            from.stream, from.tag
        ));
    };
    let why = match (tag.origin(), source.failure(&from.tag)) {
        (Origin::StreamTag(other) | Origin::StreamImage(other), _) => {
            return Error::failed(format!(
                "{from} shows no image: it follows {other}, which shows no image"
            ));
        }
        (_, Some(why)) => format!("its import failed: {why}"),
        (_, None) => "it is not imported yet".to_owned(),
    };
    Error::failed(format!(
        "{from} shows no image, {why}; to import it: {caller} import {from} -n {namespace}"
    ))
}

/// The image in its registry, by digest.
///
/// # Errors
/// [`Error::Failed`] if no registry outside the cluster has the image.
pub(super) fn external(shown: Shown<'_>, stream: &Stream, from: &str) -> Result<String, Error> {
    // The host of the stream's own repository is the integrated registry, whatever its name is.
    let hosts = [
        "/status/dockerImageRepository",
        "/status/publicDockerImageRepository",
    ]
    .map(|at| stream.object().text(at))
    .map(|repository| repository.split('/').next().unwrap_or_default());
    let internal = InternalRegistry::default().with_hostnames(hosts);
    match resolve(shown.pull_spec, RefRole::Import, &internal) {
        Resolution::Certain(host, image) => Ok(format!(
            "{host}/{}@{}",
            image.repository_path(),
            shown.digest
        )),
        Resolution::Internal(_) => Err(Error::failed(format!(
            "--digest: the image of {from} was pushed to the cluster's own registry and is in no \
             other; omit --digest"
        ))),
        _ => Err(Error::failed(format!(
            "--digest: the registry of {from} cannot be determined from \"{}\"; omit \
             --digest",
            shown.pull_spec
        ))),
    }
}
