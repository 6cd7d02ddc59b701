//! Machine images of an AWS account: `aws ec2 describe-images` in JSON.
//!
//! Source: the EC2 API reference (`DescribeImages`, `Image`). The account lists every image that was registered in it, by a
//! build or by hand: that an image is in the list does not make it the work of the pipeline, and its `CreationDate` is when
//! it was registered. So no time of a build is taken from it, and images of AWS and of the marketplace are left out.

use super::inventory::{extract, guarded};
use super::json_records::element;
use super::lazy::Members;
use super::{Format, Framing, Head, Reading, Recognition, Segment, Sink};
use crate::facts::{IMAGES, Image, Table, parse_rfc3339};

/// Images of an AWS account.
pub(super) struct Ec2Images;

impl Format for Ec2Images {
    fn name(&self) -> &'static str {
        "aws-ec2-images"
    }

    fn about(&self) -> &'static str {
        "machine images of an AWS account (aws ec2 describe-images)"
    }

    fn recognised_by(&self) -> &'static str {
        "Images with ImageId and ImageLocation"
    }

    fn feeds(&self) -> &'static [&'static Table] {
        const { &[&IMAGES] }
    }

    fn recognise(&self, head: &Head<'_>) -> Option<Recognition> {
        let text = head.text();
        let has = |key: &str| text.contains(key);
        (head.first_byte() == Some(b'{') && has("\"Images\"") && (has("\"ImageId\"") && has("\"ImageLocation\"")))
            .then_some(Recognition { because: self.recognised_by(), framing: Framing::Whole })
    }

    fn counts_records(&self) -> bool {
        true
    }

    fn record(&self, document: &str, number: u64) -> Option<String> {
        let image = element(document, "Images", number)?;
        let names = ["ImageId", "Name", "CreationDate", "OwnerId", "State", "SourceImageId"];
        Members::of(&image).ok().map(|image| extract(&image, &names))
    }

    fn read(&self, segment: &Segment<'_>, _reading: &Reading<'_>, sink: &mut Sink<'_>) {
        let Some(document) = guarded(segment, sink) else { return };
        if document.filled("NextToken").is_some() {
            sink.limit("partial-list", None, "the answer has a NextToken: further images are on pages that are not in this file");
        }
        let images = document.get("Images").map(|images| images.elements()).unwrap_or_default();
        for (number, image) in (1..).zip(&images) {
            match image.members() {
                Some(image) => read_image(number, &image, sink),
                None => sink.record(number).reject("an image that is not an object", b""),
            }
        }
    }
}

fn read_image(number: u64, image: &Members<'_>, sink: &mut Sink<'_>) {
    let mut record = sink.record(number);
    let Some(id) = image.filled("ImageId") else { return record.reject("an image without ImageId", b"") };
    if image.filled("CreationDate").is_some_and(|stamp| parse_rfc3339(&stamp).is_none()) {
        return record.reject("CreationDate is not a time", id.as_bytes());
    }
    if image.filled("ImageOwnerAlias").is_some_and(|owner| owner != "self") {
        return record.skip("an image of AWS or of the marketplace, which no build of the team made");
    }
    record.sink().limit(
        "registered-not-built",
        None,
        "an account lists images however they were made: the list does not show that the pipeline built one, or when",
    );
    record.fact(Image {
        image: &id,
        name: image.filled("Name").as_deref(),
        kind: Some("ami-registered"),
        built_at: None,
        builder: None,
        source_uri: None,
        source_commit: None,
        change_id: None,
        base_image: image.filled("SourceImageId").as_deref(),
    });
}
