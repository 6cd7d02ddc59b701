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
        let mut heads = Vec::new();
        for mut stream in self.parts(name, plan)? {
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
fn first_of(heads: &[Head]) -> Option<(usize, Option<(Rc<Frame>, usize)>)> {
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
