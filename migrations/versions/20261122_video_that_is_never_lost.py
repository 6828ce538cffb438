"""video that is never lost: trim, segments, captions, retention, storage meter"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'

STATES = "state in ('uploading', 'uploaded', 'processing', 'ready', 'parked', 'unreadable', 'deleted')"


def upgrade() -> None:
    op.add_column('survey', sa.Column('video_retention_days', sa.Integer(), nullable=False, server_default='180'))
    _widen_states()
    for column in (
        sa.Column('stored_byte_count', sa.BigInteger(), nullable=False, server_default='0'),
        sa.Column('trim_start_seconds', sa.Double(), nullable=True),
        sa.Column('trim_end_seconds', sa.Double(), nullable=True),
        sa.Column('segment_byte_counts', sa.JSON(), nullable=False, server_default='[]'),
        sa.Column('is_audio', sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column('is_partial', sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column('progress_percent', sa.Integer(), nullable=False, server_default='0'),
        sa.Column('judged_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('source_deleted_at', sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column('media', column)
    _fill_media()
    op.create_table(
        'captions',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('company_id', sa.Integer(), nullable=False),
        sa.Column('media_id', sa.Integer(), nullable=False),
        sa.Column('state', sa.String(length=40), nullable=False),
        sa.Column('source', sa.String(length=40), nullable=False),
        sa.Column('language', sa.String(length=40), nullable=False),
        sa.Column('cues', sa.JSON(), nullable=False),
        sa.Column('transcript', sa.Text(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
        sa.Column('reviewed_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('reviewed_by_id', sa.Integer(), nullable=True),
        sa.CheckConstraint("source in ('typed', 'uploaded', 'speech')", name=op.f('ck_captions_source')),
        sa.CheckConstraint("state in ('draft', 'reviewed', 'no_speech')", name=op.f('ck_captions_state')),
        sa.ForeignKeyConstraint(
            ['company_id'], ['company.id'], name=op.f('fk_captions_company_id'), ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(['media_id'], ['media.id'], name=op.f('fk_captions_media_id'), ondelete='CASCADE'),
        sa.ForeignKeyConstraint(
            ['reviewed_by_id'], ['user_account.id'], name=op.f('fk_captions_reviewed_by_id'), ondelete='SET NULL'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_captions')),
        sa.UniqueConstraint('media_id', name=op.f('uq_captions_media_id')),
    )
    op.create_index(op.f('ix_captions_company_id'), 'captions', ['company_id'], unique=False)
    _publish_again()


def _widen_states() -> None:
    """A parked video. SQLite cannot change a check in place: the table is made anew, with its rows."""
    with op.batch_alter_table('media') as batch:
        batch.drop_constraint(op.f('ck_media_state'), type_='check')
        batch.create_check_constraint(op.f('ck_media_state'), STATES)


def _fill_media() -> None:
    """What is stored already counts, and what the team has decided about takes no room from what waits."""
    op.execute("update media set stored_byte_count = coalesce(byte_count, 0)")
    op.execute(
        "update media set judged_at = (select coalesce(decided_at, submitted_at) from testimonial"
        " where testimonial.id = media.testimonial_id)"
        " where exists (select 1 from testimonial where testimonial.id = media.testimonial_id"
        " and testimonial.state <> 'submitted')"
    )


def _publish_again() -> None:
    """Videos that nobody has captioned leave what is published: the worker builds every company's widgets anew."""
    job = sa.table(
        'job',
        sa.column('kind'),
        sa.column('payload', sa.JSON()),
        sa.column('key'),
        sa.column('state'),
        sa.column('run_at', sa.DateTime(timezone=True)),
        sa.column('attempt_count'),
        sa.column('fence'),
        sa.column('error'),
        sa.column('created_at', sa.DateTime(timezone=True)),
    )
    connection, now = op.get_bind(), datetime.now(UTC)
    waiting = set(connection.scalars(sa.select(job.c.key)))
    for company_id in connection.scalars(sa.text('select id from company')).all():
        key = f'widgets.rebuild:{company_id}'
        if key not in waiting:
            row = {'kind': 'widgets.rebuild', 'payload': {'company_id': company_id}, 'key': key, 'state': 'waiting'}
            times = {'run_at': now, 'created_at': now, 'attempt_count': 0, 'fence': 0, 'error': ''}
            connection.execute(job.insert().values(**row, **times))
