//! The order of pointers: facts come source by source and line by line, and populations are written so. What keeps that order
//! on its way through a query need not be sorted again.

use std::rc::Rc;
use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::Schema;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::SortExpr;
use datafusion::physical_expr::expressions::col as physical_column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties as _};
use datafusion::prelude::col;

use super::super::AssessError;
use super::super::frame::Frame;
use super::Engine;
use super::kept::Query;

/// What makes a pointer.
const POINTER: [&str; 2] = ["source", "line"];

/// The order as a table is said to have it.
pub(super) fn pointer_order() -> Vec<SortExpr> {
    POINTER.iter().map(|column| col(*column).sort(true, false)).collect()
}

/// Whether each part of what a plan gives is in the order of pointers.
pub(super) fn in_pointer_order(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let satisfied = |order| plan.equivalence_properties().ordering_satisfy(order).unwrap_or(false);
    ordering(&plan.schema()).is_some_and(satisfied)
}

/// The plan as one stream that merges its parts by their pointers.
pub(super) fn merged(plan: &Arc<dyn ExecutionPlan>) -> Option<Arc<dyn ExecutionPlan>> {
    let order = ordering(&plan.schema())?;
    let plan = Arc::clone(plan);
    let parts = plan.output_partitioning().partition_count();
    Some(if parts == 1 { plan } else { Arc::new(SortPreservingMergeExec::new(order, plan)) })
}

/// The parts that a plan merges by their pointers at last, if it does.
fn merged_parts(plan: &Arc<dyn ExecutionPlan>) -> Option<&Arc<dyn ExecutionPlan>> {
    let merge = plan.downcast_ref::<SortPreservingMergeExec>()?;
    let by_pointer = ordering(&plan.schema()).as_ref() == Some(merge.expr());
    (by_pointer && merge.fetch().is_none()).then(|| merge.input())
}

/// A row of a piece of a result.
type Row = (Rc<Frame>, usize);

/// What takes rows.
type Each<'e> = &'e mut dyn FnMut(&Rc<Frame>, usize) -> Result<(), AssessError>;

impl Engine {
    /// Runs a query whose rows come in the order of their pointers, and hands them over one by one. The engine would copy
    /// every cell to merge the parts; here only pointers are looked at.
    ///
    /// # Errors
    /// Where the query cannot be run, or `each` says so.
    pub(in super::super) fn run_in_order(
        &self,
        name: &str,
        query: &Query,
        mut each: impl FnMut(&Rc<Frame>, usize) -> Result<(), AssessError>,
    ) -> Result<(), AssessError> {
        let Some(plan) = merged_parts(&query.plan) else {
            return self.run(name, query, |frame| {
                let frame = Rc::new(frame.clone());
                (0..frame.rows()).try_for_each(|row| each(&frame, row))
            });
        };
        self.merge(name, self.parts(name, plan)?, &mut each)
    }

    /// Hands over the rows of parts that are each in the order of pointers, in that order.
    fn merge(&self, name: &str, parts: Vec<SendableRecordBatchStream>, each: Each<'_>) -> Result<(), AssessError> {
        let mut heads = Vec::new();
        for mut stream in parts {
            if let Some(frame) = self.next_frame(name, &mut stream)? {
                heads.push(Head { stream, frame, row: 0 });
            }
        }
        while let Some((first, bound)) = first_of(&heads) {
            let Some(head) = heads.get_mut(first) else { break };
            loop {
                each(&head.frame, head.row)?;
                head.row += 1;
                if head.row == head.frame.rows() {
                    match self.next_frame(name, &mut head.stream)? {
                        Some(frame) => (head.frame, head.row) = (frame, 0),
                        None => drop(heads.remove(first)),
                    }
                    break;
                }
                if bound.as_ref().is_some_and(|(frame, row)| head.frame.pointer(head.row) > frame.pointer(*row)) {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The next piece of a part that has rows.
    fn next_frame(&self, name: &str, stream: &mut SendableRecordBatchStream) -> Result<Option<Rc<Frame>>, AssessError> {
        while let Some(batch) = self.next(name, stream)? {
            if batch.num_rows() > 0 {
                return Ok(Some(Rc::new(Frame::of(name, &batch)?)));
            }
        }
        Ok(None)
    }
}

/// Where one part is.
struct Head {
    stream: SendableRecordBatchStream,
    frame: Rc<Frame>,
    row: usize,
}

/// The part whose row comes first, and the row up to which it may go on: that of the part which comes next.
fn first_of(heads: &[Head]) -> Option<(usize, Option<Row>)> {
    let pointer = |index: &usize| heads.get(*index).map(|head| head.frame.pointer(head.row));
    let first = (0..heads.len()).min_by_key(pointer)?;
    let next = (0..heads.len()).filter(|index| *index != first).min_by_key(pointer);
    let bound = next.and_then(|next| heads.get(next)).map(|head| (Rc::clone(&head.frame), head.row));
    Some((first, bound))
}

fn ordering(schema: &Schema) -> Option<LexOrdering> {
    let options = SortOptions { descending: false, nulls_first: false };
    let columns = POINTER.iter().map(|column| Some(PhysicalSortExpr::new(physical_column(column, schema).ok()?, options)));
    LexOrdering::new(columns.collect::<Option<Vec<_>>>()?)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use datafusion::physical_plan::memory::MemoryStream;

    use super::super::{EngineOptions, Parameters};
    use super::*;

    type Pointer = (Option<&'static str>, Option<i64>);

    fn batch(rows: &[Pointer]) -> RecordBatch {
        let sources: ArrayRef = Arc::new(rows.iter().map(|(source, _)| *source).collect::<StringArray>());
        let lines: ArrayRef = Arc::new(rows.iter().map(|(_, line)| *line).collect::<Int64Array>());
        RecordBatch::try_from_iter([("source", sources), ("line", lines)]).expect("a batch")
    }

    #[test]
    fn parts_are_merged_by_their_pointers() {
        let work = tempfile::tempdir().expect("a folder");
        let engine = Engine::begin(work.path(), EngineOptions::new(64 << 20, 2)).expect("an engine");
        let parts: [&[&[Pointer]]; 4] = [
            &[&[(Some("a"), Some(1)), (Some("a"), Some(5))], &[], &[(Some("b"), Some(2)), (Some("b"), None)]],
            &[&[(Some("a"), Some(1)), (Some("a"), Some(2))], &[(Some("a"), Some(3))]],
            &[],
            &[&[], &[(Some("a"), Some(4)), (Some("c"), Some(0)), (None, Some(1)), (None, None)]],
        ];
        let streams = parts.iter().map(|batches| {
            let batches = batches.iter().map(|rows| batch(rows)).collect();
            Box::pin(MemoryStream::try_new(batches, batch(&[]).schema(), None).expect("a stream")) as SendableRecordBatchStream
        });
        let mut found = Vec::new();
        let mut each = |frame: &Rc<Frame>, row: usize| {
            found.push((frame.text("source", row).map(|source| source.into_owned()), frame.int("line", row)));
            Ok(())
        };
        engine.merge("test", streams.collect(), &mut each).expect("merged");
        let expected = [
            (Some("a"), Some(1)),
            (Some("a"), Some(1)),
            (Some("a"), Some(2)),
            (Some("a"), Some(3)),
            (Some("a"), Some(4)),
            (Some("a"), Some(5)),
            (Some("b"), Some(2)),
            (Some("b"), None),
            (Some("c"), Some(0)),
            (None, Some(1)),
            (None, None),
        ];
        assert_eq!(found, expected.map(|(source, line)| (source.map(str::to_owned), line)));
    }

    #[test]
    fn what_is_in_order_is_merged_and_not_sorted() {
        let work = tempfile::tempdir().expect("a folder");
        let options = EngineOptions { parts_from: 1, ..EngineOptions::new(1 << 30, 2) };
        let engine = Engine::begin(work.path(), options).expect("an engine");
        let rows: Vec<Vec<String>> = (0..200).map(|row| vec![row.to_string()]).collect();
        engine.define("numbers", &[("text", false)], &rows).expect("a table");
        let none = Parameters::new();
        let pairs =
            "select a.text as source, cast(b.text as bigint) as line, length(a.text) as size from numbers a cross join numbers b";
        engine.store("pairs", &format!("{pairs} order by source, line"), &none).expect("a view");
        engine.store("long", "select source, line from pairs where size > 1", &none).expect("a view");
        let query =
            engine.prepare("test", "select source, line from long where line > 9 order by source, line", &none).expect("planned");
        let plan = datafusion::physical_plan::displayable(query.plan.as_ref()).indent(false).to_string();
        assert!(!plan.contains("SortExec"), "{plan}");
        let (mut last, mut count) = ((String::new(), 0), 0);
        let each = |frame: &Rc<Frame>, row: usize| {
            let next = (frame.text("source", row).unwrap_or_default().into_owned(), frame.int("line", row).unwrap_or_default());
            assert!(next > last, "{next:?} came behind {last:?}");
            last = next;
            count += 1;
            Ok(())
        };
        engine.run_in_order("test", &query, each).expect("run");
        assert_eq!(count, 190 * 190);
    }
}
